"""Signing in and out, and one's own account."""

from django.contrib.auth import views as auth_views
from django.urls import path

from . import token_views, views

app_name = "accounts"

urlpatterns = [
    path("login", views.SignIn.as_view(), name="login"),
    path("logout", auth_views.LogoutView.as_view(), name="logout"),
    path("account/", views.account, name="account"),
    path("account/tokens", token_views.make, name="make_token"),
    path("account/tokens/<int:token_id>/revoke", token_views.revoke, name="revoke_token"),
]
