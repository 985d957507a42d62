"""Signals remember the token that sent them, whether they began a run, and when they were taken."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_api_tokens'),
        ('campaigns', '0012_operations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='signal',
            options={'ordering': ['-sent_at', '-pk']},
        ),
        migrations.AddField(
            model_name='signal',
            name='began',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='signal',
            name='taken_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='signal',
            name='token',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='signals', to='accounts.apitoken'),
        ),
        migrations.AddIndex(
            model_name='signal',
            index=models.Index(fields=['campaign', '-taken_at'], name='signals_by_campaign'),
        ),
    ]
