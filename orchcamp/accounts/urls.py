"""Signing in and out, one's own account, and how others sign in."""

from django.contrib.auth import views as auth_views
from django.urls import path

from . import account_views, notification_views, person_views, token_views, views
from .door import views as door

app_name = "accounts"

urlpatterns = [
    path("login", door.SignIn.as_view(), name="login"),
    path("login/code", door.second_factor, name="second_factor"),
    path("login/sso", door.sso, name="sso"),
    path("login/sso/callback", door.sso_callback, name="sso_callback"),
    path("login/password/<uidb64>/<token>", views.SetPassword.as_view(), name="set_password"),
    path("logout", auth_views.LogoutView.as_view(), name="logout"),
    path("account/", views.account, name="account"),
    path("account/two-factor", account_views.two_factor, name="two_factor"),
    path("account/two-factor/change", account_views.change_two_factor, name="change_two_factor"),
    path("account/sessions", account_views.end_sessions, name="end_own_sessions"),
    path("account/notifications", notification_views.choose, name="notification_preferences"),
    path("notifications", notification_views.listed, name="notifications"),
    path("notifications/bell", notification_views.opened, name="bell"),
    path("notifications/count", notification_views.count, name="unread"),
    path("notifications/read", notification_views.mark_all, name="read_notifications"),
    path("notifications/<int:notification_id>", notification_views.follow, name="open_notification"),
    path("notifications/<int:notification_id>/read", notification_views.mark, name="read_notification"),
    path("account/tokens", token_views.make, name="make_token"),
    path("account/tokens/<int:token_id>/revoke", token_views.revoke, name="revoke_token"),
    path("people/<int:person_id>", person_views.person, name="person"),
    path("people/<int:person_id>/sessions", person_views.end_sessions, name="end_sessions"),
    path("people/<int:person_id>/second-factor", person_views.reset_second_factor, name="reset_second_factor"),
    path("people/<int:person_id>/link", person_views.one_time_link, name="one_time_link"),
    path("people/<int:person_id>/look", person_views.look, name="look"),
    path("looking/end", person_views.end_looking, name="end_looking"),
]
