"""The addresses of saved audiences."""

from django.urls import path

from .views import audience_lists, audiences

urlpatterns = [
    path("", audiences.audience_list, name="audiences"),
    path("new", audiences.audience_create, name="audience_create"),
    path("upload", audience_lists.audience_upload, name="audience_upload"),
    path("upload/<str:token>", audience_lists.audience_mapping, name="audience_mapping"),
    path("<slug:slug>/", audiences.audience_detail, name="audience"),
    path("<slug:slug>/edit", audiences.audience_edit, name="audience_edit"),
    path("<slug:slug>/refresh", audiences.audience_refresh, name="audience_refresh"),
    path("<slug:slug>/members", audiences.audience_members, name="audience_members"),
    path("<slug:slug>/versions/<int:number>/change", audiences.audience_change, name="audience_change"),
    path("<slug:slug>/versions/<int:number>/unmatched.csv", audience_lists.unmatched_file, name="audience_unmatched"),
    path("<slug:slug>/export", audiences.audience_export, name="audience_export"),
    path("<slug:slug>/share", audiences.audience_share, name="audience_share"),
    path("<slug:slug>/delete", audiences.audience_delete, name="audience_delete"),
]
