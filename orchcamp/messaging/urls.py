"""The addresses of channels, of what recipients follow, and of the demo's mailbox."""

from django.urls import path

from .views import channels, delivered, tracking

app_name = "messaging"

urlpatterns = [
    path("channels/", channels.channel_list, name="channels"),
    path("channels/new", channels.channel_edit, name="channel_create"),
    path("channels/suppression/", channels.suppression_list, name="suppression"),
    path("channels/suppression/<int:entry_id>/remove", channels.suppression_remove, name="suppression_remove"),
    path("channels/seeds/", channels.seed_list, name="seeds"),
    path("channels/<slug:slug>/", channels.channel_edit, name="channel"),
    path("channels/<slug:slug>/check", channels.channel_check, name="channel_check"),
    path("t/o/<str:token>.gif", tracking.open_pixel, name="open"),
    path("t/c/<str:token>", tracking.click, name="click"),
    path("t/u/<str:token>", tracking.unsubscribe, name="unsubscribe"),
    path("delivered/", delivered.delivered_list, name="delivered"),
    path("delivered/<str:mail_id>/", delivered.delivered_mail, name="delivered_mail"),
    path("delivered/<str:mail_id>/body", delivered.delivered_body, name="delivered_body"),
]
