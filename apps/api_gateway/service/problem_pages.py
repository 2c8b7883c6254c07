"""The catalogue of problem codes as it is shipped."""

from pathlib import Path

import yaml

from apps.api_gateway.domain.catalogue import Catalogue, Page
from apps.api_gateway.domain.problems import UnknownProblem

FILE = Path(__file__).parents[1] / "problems.yaml"


class ProblemPages(Catalogue):
    def __init__(self) -> None:
        super().__init__(Page(**entry) for entry in yaml.safe_load(FILE.read_text("utf-8")))

    def described(self, code: str) -> Page:
        """The code's page. Raises UnknownProblem."""
        page = self.page(code)
        if page is None:
            raise UnknownProblem(f"There is no problem code {code[:100]}; /problems lists all.")
        return page
