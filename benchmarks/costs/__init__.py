"""Start-up, input and growth: a file for each, and one for what they found."""
