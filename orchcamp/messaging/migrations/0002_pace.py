from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelconfiguration",
            name="paced_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
