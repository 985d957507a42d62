"""What people are told, how they want to hear of it, and the letters they are written."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_api_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(blank=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.CharField(choices=[('waiting', 'To be written'), ('sending', 'Being written'), ('sent', 'Written'), ('failed', 'Could not be written'), ('doubt', 'In doubt'), ('left_out', 'Left out')], default='waiting', max_length=8)),
                ('claim', models.CharField(blank=True, max_length=32)),
                ('begun_at', models.DateTimeField(null=True)),
                ('not_before', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('problem', models.TextField(blank=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'letter',
                'verbose_name_plural': 'letters',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=200)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('sentence', models.TextField()),
                ('address', models.CharField(max_length=500)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('bell', models.BooleanField(default=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('mail', models.CharField(choices=[('now', 'By mail at once'), ('digest', 'In the next digest'), ('never', 'No mail, as you set it'), ('nobody', 'No mail: you have no e-mail address'), ('read', 'No mail: you had read it'), ('gathered', 'By mail')], default='never', max_length=8)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('letter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notifications', to='accounts.letter')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'notification',
                'verbose_name_plural': 'notifications',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='NotificationPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('bell', models.BooleanField(default=True)),
                ('mail', models.CharField(choices=[('now', 'At once'), ('digest', 'In the digest'), ('never', 'Never')], max_length=6)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='DigestTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.PositiveSmallIntegerField(default=8, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='hour')),
                ('zone', models.CharField(default='UTC', max_length=60, verbose_name='time zone')),
                ('days', models.CharField(choices=[('daily', 'Every day'), ('weekdays', 'Monday to Friday')], default='daily', max_length=8, verbose_name='days')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='digest_time', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('hour__lte', 23)), name='digest_hour_of_a_day')],
            },
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'sending'])), fields=['not_before'], name='letters_to_write'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['claim'], name='letters_by_claim'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(condition=models.Q(('day__isnull', False)), fields=('person', 'day'), name='one_digest_per_person_and_day'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['person', '-at', '-id'], name='notifications_by_person'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('bell', True), ('read_at', None)), fields=['person'], name='notifications_unread'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('mail__in', ['now', 'digest'])), fields=['mail'], name='notifications_to_mail'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['read_at'], name='notifications_by_reading'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(fields=('person', 'key'), name='one_notification_per_key'),
        ),
        migrations.AddConstraint(
            model_name='notificationpreference',
            constraint=models.UniqueConstraint(fields=('person', 'kind'), name='one_preference_per_kind'),
        ),
    ]
