"""What the file of `--sign-in` says: the provider, and which claims give which role and lines."""

from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from copq.access.door import Role
from copq.access.sender import Lines
from copq.process.loopback import is_loopback
from copq.schemas.fields import Identifier
from copq.schemas.names import canonical


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _origin(text: str) -> str:
    url = urlsplit(text)
    plain = not (url.path.strip("/") or url.query or url.fragment or url.username)
    if url.scheme not in ("https", "http") or not url.hostname or not plain:
        raise ValueError(f'"{text}" is not an address such as https://copq.example.com')
    return f"{url.scheme}://{url.netloc}"


def _url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in ("https", "http") or not url.hostname or url.query or url.fragment:
        raise ValueError(
            f'"{text}" is not an address such as https://login.example.com/realms/plant'
        )
    return text


def _several(found: Any) -> Any:
    return (found,) if isinstance(found, str) else found


def _line(text: str) -> tuple[str, str]:
    plant, slash, line = text.partition("/")
    if not (plant and slash and line):
        raise ValueError(f'"{text}" names no plant: write PLANT/LINE, such as north/L1')
    return canonical(plant), canonical(line)


Origin = Annotated[str, AfterValidator(_origin)]
Url = Annotated[str, AfterValidator(_url)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_several)]
Line = Annotated[str, AfterValidator(lambda text: "/".join(_line(text)))]


class Grant(Part):
    """Who has the claim gets the role, for these lines; without any, for all lines."""

    role: Role
    claim: str | None = Field(None, description="A claim, or a path such as realm_access.roles.")
    is_: Texts = Field((), alias="is", description="One of these values must be in the claim.")
    plants: tuple[Identifier, ...] = ()
    lines: tuple[Line, ...] = Field((), description="Each as PLANT/LINE.")
    plants_claim: str | None = Field(None, description="The claim that lists the plants.")
    lines_claim: str | None = Field(None, description="The claim that lists lines, as PLANT/LINE.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.claim is None) != (not self.is_):
            raise ValueError("claim: and is belong together; without both it is for everybody")
        return self

    @property
    def is_for_all_lines(self) -> bool:
        return not (self.plants or self.lines or self.plants_claim or self.lines_claim)

    @property
    def fixed_lines(self) -> Lines:
        whole = {(canonical(plant), None) for plant in self.plants}
        return frozenset(whole | {_line(text) for text in self.lines})


class SignInConfig(Part):
    """A whole file."""

    issuer: Url = Field(description="As the provider's discovery document says it.")
    client_id: str = Field(min_length=1)
    client_secret_env: str | None = Field(None, description="The environment variable that has it.")
    client_secret_file: Path | None = None
    addresses: tuple[Origin, ...] = Field(
        min_length=1, description="Where people open the pages: https://copq.example.com"
    )
    label: str = Field("your company account", min_length=1, max_length=60)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "name"
    grants: tuple[Grant, ...] = Field(min_length=1)
    ask: str = Field("an administrator of COPQ", description="Whom to ask for a role.")
    userinfo: bool = Field(True, description="Also ask the userinfo endpoint for claims.")
    idle_minutes: int = Field(60, ge=1, le=24 * 60)
    longest_hours: int = Field(12, ge=1, le=24 * 30)
    clock_skew_seconds: int = Field(60, ge=0, le=600)
    ca: Path | None = Field(None, description="Authorities to trust; the system's without it.")
    plaintext: bool = Field(False, description="Reach a provider on another machine by http://.")

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if not self.allows(self.issuer):
            raise ValueError("issuer: http:// sends tokens in the clear; use https://")
        if self.client_secret_env and self.client_secret_file:
            raise ValueError("client_secret_env: or client_secret_file, not both")
        if "openid" not in self.scopes:
            raise ValueError("scopes: openid is missing")
        return self

    def allows(self, url: str) -> bool:
        """Whether what is sent to `url` can be read by nobody else."""
        parts = urlsplit(url)
        return parts.scheme == "https" or (
            parts.scheme == "http" and (self.plaintext or is_loopback(parts.hostname or ""))
        )

    def address(self, host: str) -> str | None:
        """The address of the pages whose host a request names."""
        return next((each for each in self.addresses if urlsplit(each).netloc == host), None)
