"""The addresses of channels, of what recipients follow, and of the demo's mailbox."""

from django.urls import path

from . import views

app_name = "messaging"

urlpatterns = [
    path("channels/", views.channel_list, name="channels"),
    path("channels/new", views.channel_edit, name="channel_create"),
    path("channels/suppression/", views.suppression_list, name="suppression"),
    path("channels/suppression/<int:entry_id>/remove", views.suppression_remove, name="suppression_remove"),
    path("channels/seeds/", views.seed_list, name="seeds"),
    path("channels/<slug:slug>/", views.channel_edit, name="channel"),
    path("channels/<slug:slug>/check", views.channel_check, name="channel_check"),
    path("t/o/<str:token>.gif", views.open_pixel, name="open"),
    path("t/c/<str:token>", views.click, name="click"),
    path("t/u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("delivered/", views.delivered_list, name="delivered"),
    path("delivered/<str:mail_id>/", views.delivered_mail, name="delivered_mail"),
    path("delivered/<str:mail_id>/body", views.delivered_body, name="delivered_body"),
]
