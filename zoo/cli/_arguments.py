"""What several verbs have in common."""


def add_changes(parser) -> None:
    """Declare field=value, any number of them."""
    parser.add_argument(
        "changes",
        nargs="*",
        default=[],
        metavar="field=value",
        help="changes to the recipe",
    )


def add_backend(parser) -> None:
    """Declare --backend."""
    parser.add_argument("--backend", help="jax, tensorflow or torch")


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
