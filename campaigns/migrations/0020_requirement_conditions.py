from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0015_policies"), ("campaigns", "0017_notify")]

    operations = [
        migrations.AddField(
            model_name="requirement",
            name="conditions",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
