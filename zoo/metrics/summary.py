"""A metric over several seeds."""

import dataclasses
import math
import statistics

from zoo.metrics.names import is_share


@dataclasses.dataclass(frozen=True)
class Summary:
    """A metric over the seeds: mean, standard deviation (0 for one seed), count."""

    mean: float
    deviation: float
    count: int

    def lower(self) -> float:
        """The mean is above this in 95 % of such measurements (one-sided, Student).

        One value has no spread, and supports nothing: -inf.
        """
        if self.count == 1:
            return -math.inf
        error = self.deviation / math.sqrt(self.count)
        return self.mean - student(self.count - 1) * error

    def reaches(self, claim: float) -> bool:
        """Whether the measurements support that the mean is at least `claim`."""
        return self.lower() >= claim

    def upper(self) -> float:
        """The mean is below this in 95 % of such measurements, as for `lower`."""
        return 2 * self.mean - self.lower()

    def stays_within(self, claim: float) -> bool:
        """Whether the measurements support that the mean is at most `claim`."""
        return self.upper() <= claim

    def shown(self, metric: str) -> str:
        """For the metric of this name: a share in percent, another one as a number."""
        if is_share(metric):
            return self.percent()
        spread = f" ± {self.deviation:.2g}" if self.count > 1 else ""
        return f"{self.mean:.4g}{spread} ({self.count})"

    def percent(self) -> str:
        """For a metric that is a share: "99.12% ± 0.05 (5)"; one has no spread."""
        spread = f" ± {100 * self.deviation:.2f}" if self.count > 1 else ""
        return f"{self.mean:.2%}{spread} ({self.count})"


def summarize(values: list[float]) -> Summary:
    """Mean and sample standard deviation of at least one value."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return Summary(statistics.mean(values), deviation, len(values))


_STUDENT = {  # by share, of 1 to 9 degrees of freedom
    0.95: (6.3138, 2.92, 2.3534, 2.1318, 2.015, 1.9432, 1.8946, 1.8595, 1.8331),
    0.975: (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622),
}


def student(freedom: int, share: float = 0.95) -> float:
    """The quantile of Student's t, 95 or 97.5 %, within 0.001.

    From a table for less than ten degrees of freedom, from Fisher's expansion above
    (Abramowitz & Stegun 26.7.5).
    """
    if freedom <= len(_STUDENT[share]):
        return _STUDENT[share][freedom - 1]
    z = statistics.NormalDist().inv_cdf(share)
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    return z + first + second + third
