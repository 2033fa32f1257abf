"""What the verbs that open a run have in common."""


def add_run(parser) -> None:
    """Declare RUN and --trust."""
    parser.add_argument(
        "run", metavar="RUN", help="a run's folder, or a name of `zoo weights`"
    )
    add_trust(parser)


def add_trust(parser) -> None:
    parser.add_argument(
        "--trust",
        action="store_true",
        help="execute the model file of your own that the run keeps",
    )
