/* Prints the living instants of calendar files as libical reads them: "# name", then a start and an end a line. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static icalcomponent *calendar;

static time_t instant_of(icalproperty *property, struct icaltimetype time) {
    const char *id = icalproperty_get_parameter_as_string(property, "TZID");
    icaltimezone *zone = id ? icalcomponent_get_timezone(calendar, id) : icaltimezone_get_utc_timezone();
    return icaltime_as_timet_with_zone(time, zone);
}

static icalproperty *first(icalcomponent *event, icalproperty_kind kind) {
    return icalcomponent_get_first_property(event, kind);
}

static int is_living(icalcomponent *event) {
    return icalcomponent_get_status(event) != ICAL_STATUS_CANCELLED;
}

static void print(time_t start, time_t end) { printf("%lld %lld\n", (long long)start, (long long)end); }

static int is_exception(icalcomponent *event) { return first(event, ICAL_RECURRENCEID_PROPERTY) != NULL; }

static int names(icalcomponent *master, time_t start) {
    for (icalproperty *each = first(master, ICAL_EXDATE_PROPERTY); each;
         each = icalcomponent_get_next_property(master, ICAL_EXDATE_PROPERTY))
        if (instant_of(each, icalproperty_get_exdate(each)) == start) return 1;
    for (icalcompiter at = icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT); icalcompiter_deref(&at);
         icalcompiter_next(&at)) {
        icalproperty *own = first(icalcompiter_deref(&at), ICAL_RECURRENCEID_PROPERTY);
        if (own && instant_of(own, icalproperty_get_recurrenceid(own)) == start) return 1;
    }
    return 0;
}

static void read_event(icalcomponent *event) {
    icalproperty *dtstart = first(event, ICAL_DTSTART_PROPERTY), *dtend = first(event, ICAL_DTEND_PROPERTY);
    icalproperty *rule = first(event, ICAL_RRULE_PROPERTY);
    struct icaltimetype start = icalcomponent_get_dtstart(event);
    time_t from = instant_of(dtstart, icalproperty_get_dtstart(dtstart));
    time_t until = instant_of(dtend, icalproperty_get_dtend(dtend));
    if (!is_living(event)) return;
    if (!rule) { print(from, until); return; }
    icalrecur_iterator *dates = icalrecur_iterator_new(icalproperty_get_rrule(rule), start);
    for (struct icaltimetype next = icalrecur_iterator_next(dates); !icaltime_is_null_time(next);
         next = icalrecur_iterator_next(dates)) {
        time_t at = instant_of(dtstart, next);
        if (!names(event, at)) print(at, at + (until - from));
    }
    icalrecur_iterator_free(dates);
}

int main(int count, char **paths) {
    for (int at = 1; at < count; at++) {
        FILE *file = fopen(paths[at], "rb");
        char *text = calloc(1, 1 << 22);
        if (!file || !fread(text, 1, (1 << 22) - 1, file)) return 1;
        fclose(file);
        calendar = icalparser_parse_string(text);
        printf("# %s\n", strrchr(paths[at], '/') + 1);
        for (icalcompiter each = icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT);
             icalcompiter_deref(&each); icalcompiter_next(&each))
            read_event(icalcompiter_deref(&each));
        icalcomponent_free(calendar);
        free(text);
    }
    return 0;
}
