"""Following campaigns; notices keep what happened, and what people are told of it is a notification of theirs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def tell_what_waits(apps, schema_editor):
    """Mails to supervisors that had not been written yet become notifications, which are written instead."""
    Notice = apps.get_model("campaigns", "Notice")
    Notification = apps.get_model("accounts", "Notification")
    User = apps.get_model("accounts", "User")
    for notice in Notice.objects.filter(mail="waiting").select_related("campaign", "run"):
        settings = (notice.run.policy if notice.run else notice.campaign.settings) or {}
        named = settings.get("supervisors") or {}
        where = models.Q(username__in=named.get("people") or []) | models.Q(groups__name__in=named.get("groups") or [])
        people = User.objects.filter(where, is_active=True).exclude(username__in=notice.told).distinct()
        address = f"/campaigns/{notice.campaign.slug}/" + (f"runs/{notice.run_id}/" if notice.run_id else "")
        Notification.objects.bulk_create(
            [
                Notification(
                    person=person, kind="campaign_failed", key=f"notice:{notice.pk}", title=notice.campaign.name,
                    sentence=notice.sentence, address=address, mail="now" if person.email else "nobody",
                )
                for person in people
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0014_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Following',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('extent', models.CharField(choices=[('all', 'Everything'), ('important', 'Only failures and approvals'), ('none', 'Nothing')], max_length=9)),
            ],
        ),
        migrations.RunPython(tell_what_waits, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='notice',
            name='notices_by_mail',
        ),
        migrations.RemoveField(
            model_name='notice',
            name='attempts',
        ),
        migrations.RemoveField(
            model_name='notice',
            name='mail',
        ),
        migrations.RemoveField(
            model_name='notice',
            name='not_before',
        ),
        migrations.RemoveField(
            model_name='notice',
            name='problem',
        ),
        migrations.AddField(
            model_name='following',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='followings', to='campaigns.campaign'),
        ),
        migrations.AddField(
            model_name='following',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='followings', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='following',
            constraint=models.UniqueConstraint(fields=('campaign', 'person'), name='one_following_per_person'),
        ),
    ]
