"""What may be downloaded, with size and licence, each with the line for the terminal that fetches it."""

from studio.library.catalogue import Catalogue, CatalogueModel, read_catalogue

WORDS = (
    "Downloads run in the terminal, which shows size and licence and asks before anything comes. "
    "Copy a line; look again here when it is done."
)


def offers() -> str:
    """All bundles and models of the catalogue, in lines; refused where it cannot be read."""
    from studio.jobs.handlers import BUILT_IN

    return "\n".join(_lines(read_catalogue(BUILT_IN / "catalogue.toml")))


def _lines(catalogue: Catalogue) -> list[str]:
    bundles = [(b.id, f"{b.card} GB card · {b.does}") for b in catalogue.bundles]
    models = [(model.id, _about(model)) for model in catalogue.models]
    return [f"main.py library download {id}\n    {about}" for id, about in (*bundles, *models)]


def _about(model: CatalogueModel) -> str:
    sizes = " + ".join(file.size for file in model.files if file.size)
    facts = (model.name, model.role, model.family, model.licence, sizes, model.not_yet)
    return " · ".join(filter(None, facts))
