from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0002_audiences_and_filters"),
    ]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="maker",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name="audience",
            name="refresh_error",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="audience",
            name="refresh_lease",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="audienceversion",
            name="facts",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="audienceversion",
            name="personal",
            field=models.JSONField(default=list),
        ),
    ]
