from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0017_sharing")]

    operations = [
        migrations.AddField(
            model_name="requirement",
            name="conditions",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
