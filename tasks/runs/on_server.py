"""What this home's things are called on the Prefect server, which homes of other cities may share."""

from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

from schemas.settings import settings

_TAG = "备案"


def _of_city(name: str) -> str:
    return f"{name}-{city}" if (city := settings().city) else name


def pool() -> str:
    """The one work pool; every worker of this home takes its runs from it."""
    return _of_city("filing")


def tag() -> str:
    """What every deployment of this home, and each of its runs, is tagged with."""
    return _of_city(_TAG)


def deployment(entry: str) -> str:
    """The name under which an entry of the catalogue is registered."""
    return _of_city(entry)


def entry(deployment: str) -> str:
    """The entry of the catalogue that a deployment of this home registers."""
    return deployment.removesuffix(f"-{settings().city}")


def key(name: str) -> str:
    """The key of an artifact, or the name of a variable: small letters, digits and hyphens."""
    return _of_city(name)


def ours() -> DeploymentFilter:
    """The deployments of this home."""
    return DeploymentFilter(tags=DeploymentFilterTags(all_=[tag()]))
