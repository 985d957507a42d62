"""Signing in and out, and one's own account."""

from django.contrib.auth import views as auth_views
from django.urls import path

from . import notification_views, token_views, views

app_name = "accounts"

urlpatterns = [
    path("login", views.SignIn.as_view(), name="login"),
    path("logout", auth_views.LogoutView.as_view(), name="logout"),
    path("account/", views.account, name="account"),
    path("account/notifications", notification_views.choose, name="notification_preferences"),
    path("notifications", notification_views.listed, name="notifications"),
    path("notifications/bell", notification_views.opened, name="bell"),
    path("notifications/count", notification_views.count, name="unread"),
    path("notifications/read", notification_views.mark_all, name="read_notifications"),
    path("notifications/<int:notification_id>", notification_views.follow, name="open_notification"),
    path("notifications/<int:notification_id>/read", notification_views.mark, name="read_notification"),
    path("account/tokens", token_views.make, name="make_token"),
    path("account/tokens/<int:token_id>/revoke", token_views.revoke, name="revoke_token"),
]
