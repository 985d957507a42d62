"""Talking to the provider of OpenID Connect: discovery, code, tokens, and an ID token whose every claim is checked."""

from __future__ import annotations

from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from . import arriving
from .entering import SINGLE_SIGN_ON, enter

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]  # none shared
LEEWAY = 60  # seconds by which two clocks may differ
ENOUGH = ("exp", "iat", "iss", "aud", "sub")


class Adapter(DefaultSocialAccountAdapter):
    """What allauth asks of this site: one provider, of the environment; its own door, no pages and no sign-up."""

    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        sso = settings.SINGLE_SIGN_ON
        if sso is None or provider not in {None, sso.issuer, "openid_connect"}:
            return []
        facts = {"server_url": sso.issuer.rstrip("/"), "scope": list(sso.scopes), "oauth_pkce_enabled": True}
        app = SocialApp(
            provider="openid_connect",
            provider_id=sso.issuer,
            name=sso.label,
            client_id=sso.client_id,
            secret=sso.secret,
        )
        app.settings = facts
        return [app]

    def get_provider(self, request: Any, provider: Any, client_id: Any = None) -> Any:
        found = super().get_provider(request, provider, client_id)
        found.oauth2_adapter_class = Exchange
        return found

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Everything is proved: say who this is here, and open the door. Raises ImmediateHttpResponse, always."""
        _demand_nonce(sociallogin)
        user = arriving.person(sociallogin, settings.SINGLE_SIGN_ON)
        raise ImmediateHttpResponse(
            enter(request, user, way=SINGLE_SIGN_ON, next_url=sociallogin.state.get("next") or "")
        )

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        if error == AuthError.CANCELLED:
            raise arriving.NotLetIn(_("You called signing in off at the provider."), "called off")
        raise arriving.NotLetIn(
            _("Signing in at the provider did not work, or took longer than ten minutes: try again."),
            str(exception or error),
        ) from exception


def _demand_nonce(sociallogin: SocialLogin) -> None:
    """The ID token was made for this very attempt."""
    asked = (sociallogin.state.get("data") or {}).get("nonce", "")
    told = sociallogin.account.extra_data.get("nonce", "")
    if not asked or not constant_time_compare(str(told), asked):
        raise OAuth2Error("the nonce of the ID token is not that of the request")


class Exchange(OpenIDConnectOAuth2Adapter):
    """allauth's, and besides: the issuer is the one that was set, the signature is always verified, user info is of
    the same subject, and the address to come back to is that of the settings."""

    @property
    def openid_config(self) -> dict[str, Any]:
        found = super().openid_config
        if found.get("issuer", "").rstrip("/") != settings.SINGLE_SIGN_ON.issuer.rstrip("/"):
            raise OAuth2Error(f"the provider says that it is {found.get('issuer')}")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return settings.BASE_URL + reverse("accounts:sso_callback")

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("the provider gave no ID token")
        claims = self._decode_id_token(app, id_token)
        if self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("the user info is of another subject than the ID token")
            claims = more | claims
        return self.get_provider().sociallogin_from_response(request, claims)

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            key = self._key(jwt.get_unverified_header(id_token))
            claims = jwt.decode(
                id_token, key=key, algorithms=ALGORITHMS, audience=app.client_id, issuer=self.openid_config["issuer"],
                leeway=LEEWAY, options={"require": list(ENOUGH)},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the ID token is not good: {error}") from error
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the ID token was given to another client")
        return claims

    def _key(self, header: dict[str, Any]) -> Any:
        from allauth.socialaccount.adapter import get_adapter

        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error(f"the ID token is signed by {header.get('alg')}")
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
        keys = [key for key in jwt.PyJWKSet.from_dict(response.json()).keys if key.public_key_use in {None, "sig"}]
        named = [key for key in keys if key.key_id == header.get("kid")] if header.get("kid") else keys
        if len(named) != 1:
            raise OAuth2Error("the key of the ID token is not among the provider's")
        return named[0].key
