"""`python -m deployments.alive URL`: whether a part answers, for health checks of containers: 0 yes, 1 no."""

import sys

from deployments.embedded.prefect_server import answers_well


def main(arguments: list[str]) -> int:
    """Ask every address; gives the exit code."""
    silent = [address for address in arguments if not answers_well(address)]
    for address in silent:
        print(f"{address} does not answer 200", file=sys.stderr)
    return 1 if silent or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
