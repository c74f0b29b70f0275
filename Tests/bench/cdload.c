/* cdload - a CalDAV load generator.
 *
 * One thread, epoll, HTTP/1.1 keep-alive, Basic auth sent pre-emptively, one
 * request in flight per connection.  The data set is a pure function of the
 * event number, so the number of items that a correct server must return for
 * each query is known and every answer is checked: a fast wrong answer is
 * reported as such ("bad").
 *
 * Build: cc -O2 -o cdload cdload.c
 * Usage: cdload [options] URL WORK[:CONC] ...     (see usage())
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------ small things */
typedef struct { char *p; size_t n, cap; } Buf;
static void *xrealloc(void *p, size_t n) { p = realloc(p, n); if (!p) { perror("realloc"); exit(3); } return p; }
static void breserve(Buf *b, size_t more) {
    if (b->n + more + 1 > b->cap) { b->cap = (b->n + more + 1) * 2; b->p = xrealloc(b->p, b->cap); }
}
static void badd(Buf *b, const char *s, size_t n) { breserve(b, n); memcpy(b->p + b->n, s, n); b->n += n; b->p[b->n] = 0; }
static void bputs(Buf *b, const char *s) { badd(b, s, strlen(s)); }
static void bprintf(Buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void bprintf(Buf *b, const char *fmt, ...) {
    va_list ap; va_start(ap, fmt);
    breserve(b, 1024);
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    if (n < 0) exit(3);
    if ((size_t)n >= b->cap - b->n) {
        breserve(b, (size_t)n + 1);
        va_start(ap, fmt); n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap); va_end(ap);
    }
    b->n += (size_t)n;
}
static void breset(Buf *b) { b->n = 0; if (b->p) b->p[0] = 0; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec; }
static uint64_t mix(uint64_t x) {           /* splitmix64 */
    x += 0x9E3779B97F4A7C15ull; x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull; return x ^ (x >> 31);
}
static uint64_t rng_state = 88172645463325252ull;
static uint64_t rnd(void) { return rng_state = mix(rng_state); }

/* ------------------------------------------------------------------ dates */
static long days_from_civil(int y, int m, int d) {
    y -= m <= 2; long era = (y >= 0 ? y : y - 399) / 400; unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153u * (unsigned)(m + (m > 2 ? -3 : 9)) + 2u) / 5u + (unsigned)d - 1u;
    unsigned doe = yoe * 365u + yoe / 4u - yoe / 100u + doy; return era * 146097 + (long)doe - 719468;
}
static void civil_from_days(long z, int *y, int *m, int *d) {
    z += 719468; long era = (z >= 0 ? z : z - 146096) / 146097; unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365; int yy = (int)yoe + (int)era * 400;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1); *m = (int)(mp < 10 ? mp + 3 : mp - 9); *y = yy + (*m <= 2);
}
static const char *ymd(long day, char *s) { int y, m, d; civil_from_days(day, &y, &m, &d); sprintf(s, "%04d%02d%02d", y, m, d); return s; }

/* ------------------------------------------------------- the data set
 * Events lie in the sixty months 2022-01 .. 2026-12.  Nothing straddles a
 * month boundary in UTC: timed events lie between 07:00 and 18:00 local time in
 * Europe/Berlin or America/New_York, all-day events on days 2..27.            */
enum { R_NONE, R_WEEKLY_FOREVER, R_WEEKLY26, R_DAILY10, R_MONTHLY12, R_MWF30 };
typedef struct { long day; int hour, min, dur, allday, rec, zone; } Ev;
#define MONTHS 60
static void event(long i, Ev *e) {
    uint64_t h = mix((uint64_t)i + 12345);
    long first = days_from_civil(2022, 1, 1), last = days_from_civil(2026, 12, 31);
    e->day = first + (long)(h % (uint64_t)(last - first + 1)); h = mix(h);
    e->hour = 7 + (int)(h % 10); h = mix(h);
    e->min = (int)(h % 4) * 15; h = mix(h);
    e->dur = (int[]){ 15, 30, 45, 60 }[h % 4]; h = mix(h);
    if (e->hour == 16 && e->min + e->dur > 60) e->min = 0;
    e->zone = (h % 10) < 7 ? 0 : 1; h = mix(h);
    e->rec = R_NONE; e->allday = 0;
    if (i % 10 == 3) e->rec = 1 + (int)((i / 10) % 5);
    else if (i % 20 == 7) e->allday = 1;
    int y, m, d; civil_from_days(e->day, &y, &m, &d);
    if (e->allday || e->rec == R_MONTHLY12) { if (d < 2) d = 2; if (d > 27) d = 27; e->day = days_from_civil(y, m, d); }
    if (e->rec == R_MWF30) { long wd = ((e->day + 3) % 7 + 7) % 7; e->day -= wd; }   /* back to Monday */
}
static int instances(const Ev *e, long from, long to) {      /* days [from,to) */
    int n = 0, y, m, d;
    switch (e->rec) {
    case R_NONE: return e->day >= from && e->day < to;
    case R_WEEKLY_FOREVER: for (long x = e->day; x < to; x += 7) n += x >= from; return n;
    case R_WEEKLY26: for (int k = 0; k < 26; k++) { long x = e->day + 7L * k; if (k != 1) n += x >= from && x < to; } return n;
    case R_DAILY10: for (int k = 0; k < 10; k++) { long x = e->day + k; n += x >= from && x < to; } return n;
    case R_MONTHLY12: civil_from_days(e->day, &y, &m, &d);
        for (int k = 0; k < 12; k++) { long x = days_from_civil(y + (m - 1 + k) / 12, (m - 1 + k) % 12 + 1, d); n += x >= from && x < to; } return n;
    case R_MWF30: for (int k = 0; k < 30; k++) { long x = e->day + (k / 3) * 7L + (k % 3) * 2; n += x >= from && x < to; } return n;
    }
    return 0;
}
static void month_range(int k, long *from, long *to) {
    if (k < 0) { *from = days_from_civil(2015, 3, 1); *to = days_from_civil(2015, 4, 1); return; }   /* before every event: nothing to return */
    *from = days_from_civil(2022 + k / 12, k % 12 + 1, 1); k++;
    *to = days_from_civil(2022 + k / 12, k % 12 + 1, 1);
}
static int exp_ev[MONTHS], exp_inst[MONTHS];
static void expectations(long n) {
    memset(exp_ev, 0, sizeof exp_ev); memset(exp_inst, 0, sizeof exp_inst);
    for (long i = 0; i < n; i++) {
        Ev e; event(i, &e);
        for (int k = 0; k < MONTHS; k++) { long a, b; month_range(k, &a, &b); if (e.day >= b) continue; int c = instances(&e, a, b); exp_ev[k] += c > 0; exp_inst[k] += c; }
    }
}
static const char *TZNAME[2] = { "Europe/Berlin", "America/New_York" };
static const char *TZTEXT[2] = {
 "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
 "DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\n"
 "TZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
 "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nTZNAME:EDT\r\n"
 "DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:-0400\r\n"
 "TZOFFSETTO:-0500\r\nTZNAME:EST\r\nDTSTART:20071104T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" };
static const char *WORD[] = { "Review", "Planning", "Standup", "Budget", "Interview", "Dentist", "Call with supplier", "Team lunch", "Release",
    "Workshop", "Retrospective", "Parent evening", "Car service", "Board meeting", "Training", "Customer visit" };
static char uid_tag[32] = "base";

static void one_vevent(Buf *b, long i, const Ev *e, const char *uid, int rev, long day, int hour, int min, const char *recid, int master) {
    char d1[16], d2[16]; uint64_t h = mix((uint64_t)i * 7 + 1);
    int endm = hour * 60 + min + e->dur;
    bprintf(b, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260105T08%02d%02dZ\r\nCREATED:20220105T080000Z\r\nLAST-MODIFIED:20260105T08%02d%02dZ\r\nSEQUENCE:%d\r\n",
            uid, rev / 60 % 60, rev % 60, rev / 60 % 60, rev % 60, rev);
    if (recid) bprintf(b, "RECURRENCE-ID;TZID=%s:%s\r\n", TZNAME[e->zone], recid);
    if (e->allday) bprintf(b, "DTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:%s\r\n", ymd(day, d1), ymd(day + 1, d2));
    else bprintf(b, "DTSTART;TZID=%s:%sT%02d%02d00\r\nDTEND;TZID=%s:%sT%02d%02d00\r\n", TZNAME[e->zone], ymd(day, d1), hour, min,
                 TZNAME[e->zone], ymd(day, d2), endm / 60, endm % 60);
    if (master) switch (e->rec) {
    case R_WEEKLY_FOREVER: bputs(b, "RRULE:FREQ=WEEKLY\r\n"); break;
    case R_WEEKLY26: bprintf(b, "RRULE:FREQ=WEEKLY;COUNT=26\r\nEXDATE;TZID=%s:%sT%02d%02d00\r\n", TZNAME[e->zone], ymd(e->day + 7, d1), e->hour, e->min); break;
    case R_DAILY10: bputs(b, "RRULE:FREQ=DAILY;COUNT=10\r\n"); break;
    case R_MONTHLY12: bputs(b, "RRULE:FREQ=MONTHLY;COUNT=12\r\n"); break;
    case R_MWF30: bputs(b, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=30\r\n"); break;
    }
    bprintf(b, "SUMMARY:%s %ld%s\r\nLOCATION:Room %d\\, Building %c\r\n", WORD[h % 16], i, rev ? " (changed)" : "", (int)((h >> 8) % 40) + 1, 'A' + (int)((h >> 16) % 6));
    bputs(b, "DESCRIPTION:Agenda: figures of last week\\; open points\\; next steps.\\nPle\r\n ase read the notes before we meet and bring your questions.\r\n");
    if ((h >> 24) % 3) bputs(b, "CATEGORIES:Work,Project\r\n");
    bprintf(b, "STATUS:CONFIRMED\r\nTRANSP:%s\r\nCLASS:PUBLIC\r\n", e->allday ? "TRANSPARENT" : "OPAQUE");
    if (h % 10 < 3) bputs(b, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n");
    bputs(b, "END:VEVENT\r\n");
}
static void ics(Buf *b, long i, const char *tag, int rev) {
    Ev e; event(i, &e);
    char uid[96], rid[40], d1[16];
    snprintf(uid, sizeof uid, "%s-%08ld-%016llx@load.example", tag, i, (unsigned long long)mix((uint64_t)i));
    bputs(b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Load//cdload 1//EN\r\nCALSCALE:GREGORIAN\r\n");
    if (!e.allday) bputs(b, TZTEXT[e.zone]);
    one_vevent(b, i, &e, uid, rev, e.day, e.hour, e.min, NULL, 1);
    if (e.rec == R_WEEKLY26) {                   /* third instance moved by half an hour or so, same day */
        snprintf(rid, sizeof rid, "%sT%02d%02d00", ymd(e.day + 14, d1), e.hour, e.min);
        one_vevent(b, i, &e, uid, rev, e.day + 14, e.hour == 7 ? 8 : e.hour - 1, e.min, rid, 0);
    }
    bputs(b, "END:VCALENDAR\r\n");
}

/* ---------------------------------------------------------------- options */
static char host[256], portstr[16] = "80", base[1024], authline[512];
static struct sockaddr_storage addr; static socklen_t addrlen;
static long N = 1000; static double limit_s = 2.0, req_timeout = 60; static long max_req = 2000, min_req = 3;
static const char *label = "server"; static int run_no = 1; static const char *pids_opt = "";
static int verbose = 0, quickack = 1;

/* -------------------------------------------- CPU and memory of the server */
typedef struct { double cpu; long pss_kb, hwm_kb; int procs; } Usage;
static Usage usage_of(const char *pids) {
    Usage u = { 0, 0, 0, 0 };
    if (!*pids) return u;
    static int pid[65536], par[65536]; static double cpu[65536]; static char in[65536]; int n = 0;
    double hz = (double)sysconf(_SC_CLK_TCK);
    DIR *d = opendir("/proc"); struct dirent *de;
    while (d && (de = readdir(d)) && n < 65536) {
        if (!isdigit((unsigned char)de->d_name[0])) continue;
        char path[300], line[1024]; snprintf(path, sizeof path, "/proc/%s/stat", de->d_name);
        FILE *f = fopen(path, "r"); if (!f) continue;
        size_t k = fread(line, 1, sizeof line - 1, f); fclose(f); line[k] = 0;
        char *q = strrchr(line, ')'); if (!q) continue;
        int ppid; unsigned long ut, st; long cut, cst; char stt;
        if (sscanf(q + 2, "%c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &stt, &ppid, &ut, &st, &cut, &cst) != 6) continue;
        pid[n] = atoi(de->d_name); par[n] = ppid; cpu[n] = (double)(ut + st + (unsigned long)cut + (unsigned long)cst) / hz; in[n] = 0; n++;
    }
    if (d) closedir(d);
    char *copy = strdup(pids); for (char *t = strtok(copy, ", "); t; t = strtok(NULL, ", ")) for (int i = 0; i < n; i++) if (pid[i] == atoi(t)) in[i] = 1;
    free(copy);
    for (int more = 1; more;) { more = 0; for (int i = 0; i < n; i++) if (!in[i]) for (int j = 0; j < n; j++) if (in[j] && pid[j] == par[i]) { in[i] = 1; more = 1; break; } }
    for (int i = 0; i < n; i++) if (in[i]) {
        u.cpu += cpu[i]; u.procs++;
        char path[64], line[256]; snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid[i]);
        FILE *f = fopen(path, "r"); long v;
        if (f) { while (fgets(line, sizeof line, f)) if (sscanf(line, "Pss: %ld", &v) == 1) { u.pss_kb += v; break; } fclose(f); }
        snprintf(path, sizeof path, "/proc/%d/status", pid[i]);
        if ((f = fopen(path, "r"))) { while (fgets(line, sizeof line, f)) if (sscanf(line, "VmHWM: %ld", &v) == 1) { u.hwm_kb += v; break; } fclose(f); }
    }
    return u;
}
static double own_cpu(void) { struct rusage r; getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_utime.tv_sec + (double)r.ru_stime.tv_sec + 1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec); }

/* busy CPU seconds of the whole machine, to see how much others took during a measurement */
static double machine_busy(void) {
    FILE *f = fopen("/proc/stat", "r"); unsigned long long v[8] = { 0 }; if (!f) return 0;
    int k = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]); fclose(f); if (k < 8) return 0;
    return (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / (double)sysconf(_SC_CLK_TCK);
}
static double quiet_wait = 0, quiet_share = 0.25, others_share, cpus = 1;
static void wait_for_quiet(void) {
    double end = now() + quiet_wait;
    while (now() < end) { double b = machine_busy(), t = now(); usleep(250000); if ((machine_busy() - b) / ((now() - t) * cpus) < quiet_share) return; }
}

/* ------------------------------------------------------------ connections */
enum { C_OFF, C_CONNECTING, C_SEND, C_RECV };
typedef struct Conn {
    int id, fd, st, reused, retried, active;
    Buf out; size_t outpos;
    Buf in; size_t pos;                    /* raw bytes, and how far the body was decoded */
    Buf body;
    int hdr, status, chunked, closing; long clen; size_t body_at; long chunk_left; int chunk_phase;
    char etag[256];
    double t0;
    int kind; long idx; int expect, expect2; int timed; int step;
    int paging; long earlier;              /* W8: the answer was truncated (507), and the items of the pages so far */
    char token[512];
    long calendar;                         /* the one of many that the request is for */
    double due;                            /* W15: when the client polls again */
} Conn;
#define MAXC 1024
#define POLL_PAUSE 1.0                     /* W15: a client polls once a second */
static long calendars = 0; static char **tokens;      /* -C: so many calendars below URL, and the last sync-token of each */
static char place[32];                                /* the one that the request being made is for, below URL */
static Conn conns[MAXC]; static int ep = -1;
static char global_token[512];

/* ------------------------------------------------------------- the results */
static double *lat; static long nlat, caplat; static long n_err, n_bad, n_done; static unsigned long long b_in, b_out; static long n_connect, n_reconnect;
static long st_count[600]; static long items_last, items_exp; static char first_bad[400]; static long consec_err;
static void record(double ms) { if (nlat == caplat) { caplat = caplat ? caplat * 2 : 4096; lat = xrealloc(lat, sizeof *lat * (size_t)caplat); } lat[nlat++] = ms; }
static int cmpd(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return x < y ? -1 : x > y; }
static double pct(double p) { if (!nlat) return 0; long k = (long)(p * (double)(nlat - 1) + 0.5); return lat[k]; }

/* --------------------------------------------------------------- requests */
enum { K_PUTNEW, K_DELETE, K_GET, K_GETTAG, K_PUTUPD, K_PROPFIND1, K_QUERY, K_QUERYDATA, K_EXPAND, K_MULTIGET, K_SYNC0, K_SYNC1, K_CHANGE,
       K_PROPFIND0, K_FREEBUSY, K_LOAD, K_MKCAL, K_PROBE, K_SYNCSAME, K_PUTMIX };
static void req(Conn *c, const char *method, const char *name, const char *hdrs, const char *body, size_t blen) {
    breset(&c->out);
    bprintf(&c->out, "%s %s%s%s HTTP/1.1\r\nHost: %s:%s\r\n%sUser-Agent: cdload/1\r\nAccept: */*\r\n%s", method, base, place, name, host, portstr, authline, hdrs);
    if (body) bprintf(&c->out, "Content-Length: %zu\r\n\r\n", blen); else bputs(&c->out, "\r\n");
    if (body) badd(&c->out, body, blen);
}
#define XMLH "Content-Type: application/xml; charset=utf-8\r\n"
#define ICSH "Content-Type: text/calendar; charset=utf-8\r\n"
#define NS "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:CS=\"http://calendarserver.org/ns/\""
static Buf tmp;
static char **etags;                             /* for If-Match */
static int put_seq;
static void put_event(Conn *c, const char *name, long i, const char *tag, int rev, const char *ifh) {
    static Buf b; breset(&b); ics(&b, i, tag, rev);
    static Buf h; breset(&h); bputs(&h, ICSH); if (ifh) bputs(&h, ifh);
    req(c, "PUT", name, h.p, b.p, b.n);
}
static void query(Conn *c, int kind, int month) {
    long a, z; char d1[16], d2[16]; month_range(month, &a, &z); ymd(a, d1); ymd(z, d2); breset(&tmp);
    if (kind == K_FREEBUSY) {
        bprintf(&tmp, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<C:free-busy-query " NS "><C:time-range start=\"%sT000000Z\" end=\"%sT000000Z\"/></C:free-busy-query>", d1, d2);
        req(c, "REPORT", "", XMLH "Depth: 1\r\n", tmp.p, tmp.n); return;
    }
    bprintf(&tmp, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<C:calendar-query " NS "><D:prop><D:getetag/>%s</D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
        "<C:comp-filter name=\"VEVENT\"><C:time-range start=\"%sT000000Z\" end=\"%sT000000Z\"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
        kind == K_QUERY ? "" : kind == K_QUERYDATA ? "<C:calendar-data/>" : "<C:calendar-data>@@</C:calendar-data>", d1, d2);
    if (kind == K_EXPAND) {
        char *q = strstr(tmp.p, "@@"); char ex[128]; snprintf(ex, sizeof ex, "<C:expand start=\"%sT000000Z\" end=\"%sT000000Z\"/>", d1, d2);
        Buf t2 = { 0 }; badd(&t2, tmp.p, (size_t)(q - tmp.p)); bputs(&t2, ex); bputs(&t2, q + 2);
        breset(&tmp); badd(&tmp, t2.p, t2.n); free(t2.p);
    }
    req(c, "REPORT", "", XMLH "Depth: 1\r\n", tmp.p, tmp.n);
}
static void sync_req(Conn *c, const char *token) {
    breset(&tmp);
    bprintf(&tmp, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>", token);
    req(c, "REPORT", "", XMLH "Depth: 0\r\n", tmp.p, tmp.n);      /* RFC 6578 3.2: Depth must be 0 */
}
/* 80 % idle polls, 15 % syncs since the client's last token, 3 % changes, 2 % multigets; of the calendar `place`. */
static void office(Conn *c, const char *token);
static void multiget(Conn *c) {
    breset(&tmp);
    bputs(&tmp, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<C:calendar-multiget " NS "><D:prop><D:getetag/><C:calendar-data/></D:prop>");
    long start = (long)(rnd() % (uint64_t)N), stride = (long)(rnd() % 9) * 2 + 1;
    if (N < 1000) stride = 1;                           /* else some would be asked for twice */
    for (int k = 0; k < 50; k++) bprintf(&tmp, "<D:href>%s%se%ld.ics</D:href>", base, place, (start + k * stride) % N);
    bputs(&tmp, "</C:calendar-multiget>");
    req(c, "REPORT", "", XMLH "Depth: 1\r\n", tmp.p, tmp.n);
}
static void propfind0(Conn *c) {
    static const char *x = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind " NS "><D:prop><CS:getctag/><D:sync-token/></D:prop></D:propfind>";
    req(c, "PROPFIND", "", XMLH "Depth: 0\r\n", x, strlen(x));
}
static void propfind1(Conn *c) {
    static const char *x = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\"><D:prop><D:getetag/></D:prop></D:propfind>";
    req(c, "PROPFIND", "", XMLH "Depth: 1\r\n", x, strlen(x));
}
static long count_close(const Buf *b, const char *tail) {      /* closing tags </p:tail> */
    long n = 0; size_t tl = strlen(tail); const char *p = b->p, *end = b->p + b->n;
    while (p && p < end && (p = memmem(p, (size_t)(end - p), tail, tl))) {
        const char *q = p; int k = 0;
        while (q > b->p && k < 24 && *q != '<') { q--; k++; }
        if (*q == '<' && q[1] == '/' && (q + 2 == p || p[-1] == ':')) n++;
        p += tl;
    }
    return n;
}
static long count_str(const Buf *b, const char *s) {
    long n = 0; size_t l = strlen(s); const char *p = b->p, *end = b->p + b->n;
    while (p && p < end && (p = memmem(p, (size_t)(end - p), s, l))) { n++; p += l; }
    return n;
}
static int find_token(const Buf *b, char *out, size_t cap) {
    if (!b->p) return 0;
    const char *p = b->p, *hit = NULL, *end = b->p + b->n;
    while ((p = memmem(p, (size_t)(end - p), "sync-token", 10))) {
        const char *g = memchr(p, '>', (size_t)(end - p));
        const char *q = p; int k = 0; while (q > b->p && k < 16 && *q != '<') { q--; k++; }
        if (g && g[-1] != '/' && q[1] != '/') hit = g + 1;
        p += 10;
    }
    if (!hit) return 0;
    const char *e = memchr(hit, '<', (size_t)(end - hit)); if (!e || (size_t)(e - hit) >= cap) return 0;
    while (hit < e && isspace((unsigned char)*hit)) hit++;
    while (e > hit && isspace((unsigned char)e[-1])) e--;
    if (e <= hit) return 0;
    memcpy(out, hit, (size_t)(e - hit)); out[e - hit] = 0; return 1;
}

/* ---------------------------------------------------------- the workloads */
static char work[8]; static long issued, goal; static double deadline; static int stop_issuing; static char new_tag[64];
static long *order;           /* shuffled event numbers, for W3 */
static volatile sig_atomic_t quit;               /* set by INT or TERM: stop, but still delete what W1 has put */
static void on_quit(int sig) { (void)sig; quit = 1; }
static int next_request(Conn *c) {
    if (stop_issuing || (quit && strcmp(work, "W11"))) return 0;
    if (c->paging) { c->retried = 0; sync_req(c, global_token); return 1; }
    int follow_up = (!strcmp(work, "W9") && c->step == 1);
    place[0] = 0; c->due = 0;
    if (!strcmp(work, "W15") && c->id > 0) {          /* the clients beside the one that writes: neither counted nor timed */
        c->kind = K_PROPFIND0; c->timed = 0; c->expect = 1; c->retried = 0; propfind0(c); return 1;
    }
    if (!follow_up) {
        if (issued >= goal || (now() > deadline && issued >= min_req)) return 0;
        issued++;
    }
    long k = issued - 1; char name[128];
    if (calendars) {
        c->calendar = !strcmp(work, "MKCAL") ? k : !strcmp(work, "LOAD") ? k / N : (long)(rnd() % (uint64_t)calendars);
        snprintf(place, sizeof place, "c%ld/", c->calendar);
        if (!strcmp(work, "LOAD")) { k %= N; snprintf(uid_tag, sizeof uid_tag, "c%ld", c->calendar); }
    }
    c->expect = c->expect2 = -1; c->timed = 1; c->retried = 0; c->idx = k;
    if (!strcmp(work, "LOAD")) { snprintf(name, sizeof name, "e%ld.ics", k); c->kind = K_LOAD; put_event(c, name, k, uid_tag, 0, NULL); }
    else if (!strcmp(work, "MKCAL")) { c->kind = K_MKCAL;
        const char *x = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<C:mkcalendar " NS "><D:set><D:prop><D:displayname>Load</D:displayname><C:supported-calendar-component-set><C:comp name=\"VEVENT\"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>";
        req(c, "MKCALENDAR", "", XMLH, x, strlen(x)); }
    else if (!strcmp(work, "PROBE")) { c->kind = K_PROBE; snprintf(name, sizeof name, "e%ld.ics", N - 1); req(c, "GET", name, "", NULL, 0); }
    else if (!strcmp(work, "W1") || !strcmp(work, "W15")) { snprintf(name, sizeof name, "x%s-%ld.ics", new_tag, k); c->kind = K_PUTNEW;
        put_event(c, name, 1000000 + k, new_tag, 0, "If-None-Match: *\r\n"); }
    else if (!strcmp(work, "W11")) { snprintf(name, sizeof name, "x%s-%ld.ics", new_tag, k); c->kind = K_DELETE; req(c, "DELETE", name, "", NULL, 0); }
    else if (!strcmp(work, "W2")) { long i = (long)(rnd() % (uint64_t)N); c->idx = i; snprintf(name, sizeof name, "e%ld.ics", i); c->kind = K_GET; req(c, "GET", name, "", NULL, 0); }
    else if (!strcmp(work, "TAGS")) { long i = order[k]; c->idx = i; snprintf(name, sizeof name, "e%ld.ics", i); c->kind = K_GETTAG; req(c, "GET", name, "", NULL, 0); }
    else if (!strcmp(work, "W3")) { long i = order[k]; c->idx = i; snprintf(name, sizeof name, "e%ld.ics", i); c->kind = K_PUTUPD;
        char h[400]; snprintf(h, sizeof h, "If-Match: %s\r\n", etags[i] ? etags[i] : "*"); put_event(c, name, i, uid_tag, ++put_seq, h); }
    else if (!strcmp(work, "W4")) { c->kind = K_PROPFIND1; c->expect = (int)N; c->expect2 = (int)N + 1; propfind1(c); }
    else if (!strcmp(work, "W5a") || !strcmp(work, "W5b")) { int m = (int)(rnd() % MONTHS); c->kind = work[2] == 'a' ? K_QUERY : K_QUERYDATA; c->expect = exp_ev[m]; query(c, c->kind, m); }
    else if (!strcmp(work, "W5c")) { c->kind = K_QUERY; c->expect = 0; query(c, K_QUERY, -1); }
    else if (!strcmp(work, "W6")) { int m = (int)(rnd() % MONTHS); c->kind = K_EXPAND; c->expect = exp_inst[m]; query(c, K_EXPAND, m); }
    else if (!strcmp(work, "W7")) { c->kind = K_MULTIGET; c->expect = 50; multiget(c); }
    else if (!strcmp(work, "W8")) { c->kind = K_SYNC0; c->expect = (int)N; c->expect2 = (int)N + 1; sync_req(c, ""); }
    else if (!strcmp(work, "W9")) {
        if (c->step == 0) { c->kind = K_CHANGE; c->timed = 0; c->step = 1; long i = (long)(rnd() % (uint64_t)N); snprintf(name, sizeof name, "e%ld.ics", i); put_event(c, name, i, uid_tag, ++put_seq, NULL); }
        else { c->kind = K_SYNC1; c->step = 0; c->expect = 1; c->expect2 = 2; sync_req(c, global_token); } }
    else if (!strcmp(work, "W10")) { c->kind = K_PROPFIND0; c->expect = 1; propfind0(c); }
    else if (!strcmp(work, "W12")) { c->kind = K_FREEBUSY; query(c, K_FREEBUSY, (int)(rnd() % MONTHS)); }
    else if (!strcmp(work, "W13")) office(c, c->token[0] ? c->token : global_token);
    else if (!strcmp(work, "W14")) { snprintf(uid_tag, sizeof uid_tag, "c%ld", c->calendar); office(c, tokens[c->calendar] ? tokens[c->calendar] : ""); }
    else { fprintf(stderr, "unknown workload %s\n", work); exit(2); }
    return 1;
}
static void office(Conn *c, const char *token) {
    unsigned r = (unsigned)(rnd() % 100); char name[128];
    if (r < 80) { c->kind = K_PROPFIND0; c->expect = 1; propfind0(c); }
    else if (r < 95) { c->kind = K_SYNCSAME; sync_req(c, token); }
    else if (r < 98) { long i = (long)(rnd() % (uint64_t)N); c->kind = K_PUTMIX; snprintf(name, sizeof name, "e%ld.ics", i); put_event(c, name, i, uid_tag, ++put_seq, NULL); }
    else { c->kind = K_MULTIGET; c->expect = 50; multiget(c); }
}
static void note_bad(const Conn *c, const char *why) {
    if (!first_bad[0]) {
        int o = snprintf(first_bad, sizeof first_bad, "%s status %d: ", why, c->status);
        for (size_t i = 0; i < c->body.n && i < 160 && o < (int)sizeof first_bad - 2; i++) { unsigned char ch = (unsigned char)c->body.p[i]; first_bad[o++] = ch < 32 || ch == '"' || ch == '\\' || ch > 126 ? ' ' : (char)ch; }
        first_bad[o] = 0;
    }
}
static void finish(Conn *c) {                     /* a whole response has arrived */
    double ms = (now() - c->t0) * 1e3; int ok = 0, s = c->status; long items = -1;
    if (s >= 0 && s < 600) st_count[s]++;
    switch (c->kind) {
    case K_LOAD: case K_PUTNEW: case K_PUTUPD: case K_CHANGE: case K_PUTMIX: ok = s == 201 || s == 204 || s == 200; break;
    case K_DELETE: ok = s == 204 || s == 200; break;
    case K_GET: case K_GETTAG: case K_PROBE: ok = s == 200; break;
    case K_MKCAL: ok = s == 201; break;
    case K_FREEBUSY: ok = s == 200; break;
    default: ok = s == 207;
    }
    if (c->kind == K_SYNC0) {
        if (!ok) c->earlier = 0;
        c->paging = ok && count_str(&c->body, " 507 ") && find_token(&c->body, global_token, sizeof global_token);
        if (c->paging) { c->earlier += count_close(&c->body, "response>") - 1; b_in += c->in.n; b_out += c->out.n; return; }
    }
    if (!ok) { n_err++; consec_err++; note_bad(c, "error"); if (consec_err >= 6 && n_done == 0) stop_issuing = 1; if (consec_err > 200) stop_issuing = 1; }
    else {
        consec_err = 0; int bad = 0;
        switch (c->kind) {
        case K_GET: items = count_str(&c->body, "BEGIN:VEVENT"); bad = items < 1; break;
        case K_GETTAG: if (c->etag[0]) { free(etags[c->idx]); etags[c->idx] = strdup(c->etag); } break;
        case K_PROPFIND1: case K_QUERY: case K_SYNC0: items = c->earlier + count_close(&c->body, "response>"); c->earlier = 0; bad = items != c->expect && items != c->expect2;
            if (c->kind == K_SYNC0 && !find_token(&c->body, global_token, sizeof global_token)) bad = 1;
            break;
        case K_QUERYDATA: items = count_close(&c->body, "response>"); bad = items != c->expect || count_str(&c->body, "BEGIN:VCALENDAR") != items; break;
        case K_EXPAND: items = count_str(&c->body, "BEGIN:VEVENT"); bad = items != c->expect || count_str(&c->body, "RRULE:FREQ=DAILY;COUNT=10") > 0; break;
        case K_MULTIGET: items = count_str(&c->body, "BEGIN:VCALENDAR"); bad = items != 50; break;
        case K_SYNC1: items = count_close(&c->body, "response>"); bad = items != c->expect && items != c->expect2; if (!find_token(&c->body, global_token, sizeof global_token)) bad = 1; break;
        case K_SYNCSAME: items = count_close(&c->body, "response>"); if (!find_token(&c->body, c->token, sizeof c->token)) bad = 1;
            if (calendars && !bad) { free(tokens[c->calendar]); tokens[c->calendar] = strdup(c->token); }
            break;
        case K_PROPFIND0: items = count_close(&c->body, "response>"); bad = items != 1; break;
        case K_FREEBUSY: items = count_str(&c->body, "\nFREEBUSY"); bad = !count_str(&c->body, "BEGIN:VFREEBUSY") || (N >= 1000 && items < 1); break;
        }
        if (bad) { n_bad++; note_bad(c, "wrong item count"); }
        if (items >= 0 && c->timed) { items_last = items; items_exp = c->expect; }
        if (c->timed) { record(ms); n_done++; b_in += c->in.n; b_out += c->out.n; }
    }
    if (verbose > 1) fprintf(stderr, "%s k%d status %d %.2f ms items %ld/%d %zu bytes\n", work, c->kind, s, ms, items, c->expect, c->in.n);
}

/* ----------------------------------------------------------- network engine */
static void conn_close(Conn *c) { if (c->fd >= 0) { close(c->fd); c->fd = -1; } c->st = C_OFF; }
static void ep_set(Conn *c, uint32_t ev, int add) { struct epoll_event e = { .events = ev, .data.ptr = c }; if (epoll_ctl(ep, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &e)) perror("epoll_ctl"); }
static void conn_open(Conn *c) {
    c->fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0); if (c->fd < 0) { perror("socket"); exit(3); }
    int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    n_connect++; c->reused = 0; c->st = C_CONNECTING;
    if (connect(c->fd, (struct sockaddr *)&addr, addrlen) && errno != EINPROGRESS) { perror("connect"); exit(3); }
    ep_set(c, EPOLLOUT, 1);
}
static void reset_response(Conn *c) { breset(&c->in); breset(&c->body); c->pos = 0; c->hdr = 0; c->status = 0; c->chunked = 0; c->closing = 0; c->clen = -1; c->chunk_left = 0; c->chunk_phase = 0; c->etag[0] = 0; }
static void try_send(Conn *c);
static void start(Conn *c) {                        /* c->out holds a request */
    c->outpos = 0; reset_response(c); c->active = 1;
    if (!c->retried && !c->paging) c->t0 = now();
    if (c->fd < 0) conn_open(c); else { c->reused = 1; c->st = C_SEND; try_send(c); }
}
static void go_next(Conn *c) {
    c->active = 0;
    if (!strcmp(work, "W15") && c->id > 0) { c->due = now() + POLL_PAUSE; return; }
    if (next_request(c)) start(c); else if (c->fd >= 0 && c->st == C_RECV) { c->st = C_OFF; } }
static void fail(Conn *c, const char *why) {
    int fresh = c->in.n == 0 && c->reused && !c->retried;
    conn_close(c);
    if (fresh) { n_reconnect++; c->retried = 1; start(c); return; }      /* stale keep-alive: once more on a new connection */
    n_err++; consec_err++; st_count[0]++; note_bad(c, why); c->paging = 0; c->earlier = 0;
    if (consec_err >= 6 && n_done == 0) stop_issuing = 1;
    if (!strcmp(work, "W9")) c->step = 0;
    go_next(c);
}
static void try_send(Conn *c) {
    while (c->outpos < c->out.n) {
        ssize_t k = send(c->fd, c->out.p + c->outpos, c->out.n - c->outpos, MSG_NOSIGNAL);
        if (k < 0) { if (errno == EAGAIN) { ep_set(c, EPOLLOUT | EPOLLIN, 0); return; } if (errno == EINTR) continue; fail(c, "send failed"); return; }
        c->outpos += (size_t)k;
    }
    c->st = C_RECV; ep_set(c, EPOLLIN, 0);
}
static int parse(Conn *c) {                         /* 1 = complete, 0 = more, -1 = broken */
    if (!c->hdr) {
        char *e = c->in.n >= 4 ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL; if (!e) return 0;
        int maj, min; if (sscanf(c->in.p, "HTTP/%d.%d %d", &maj, &min, &c->status) != 3) return -1;
        if (c->status == 100) { size_t cut = (size_t)(e + 4 - c->in.p); memmove(c->in.p, c->in.p + cut, c->in.n - cut); c->in.n -= cut; return parse(c); }
        c->closing = (maj == 1 && min == 0); c->clen = -1;
        for (char *p = memchr(c->in.p, '\n', c->in.n); p && p < e; p = memchr(p + 1, '\n', (size_t)(e + 2 - p - 1))) {
            char *h = p + 1;
            if (!strncasecmp(h, "content-length:", 15)) c->clen = atol(h + 15);
            else if (!strncasecmp(h, "transfer-encoding:", 18)) { if (strncasecmp(h + 18, " chunked", 8) == 0 || strncasecmp(h + 18, "chunked", 7) == 0) c->chunked = 1; }
            else if (!strncasecmp(h, "connection:", 11)) { const char *v = h + 11; while (*v == ' ') v++; if (!strncasecmp(v, "close", 5)) c->closing = 1; else if (!strncasecmp(v, "keep-alive", 10)) c->closing = 0; }
            else if (!strncasecmp(h, "etag:", 5)) { const char *v = h + 5; while (*v == ' ') v++; size_t k = 0; while (v[k] && v[k] != '\r' && k < sizeof c->etag - 1) { c->etag[k] = v[k]; k++; } c->etag[k] = 0; }
        }
        c->hdr = 1; c->pos = (size_t)(e + 4 - c->in.p);
        if (c->status == 204 || c->status == 304) { c->clen = 0; c->chunked = 0; }
        if (c->clen < 0 && !c->chunked) c->closing = 1;
    }
    if (c->chunked) {
        for (;;) {
            if (c->chunk_phase == 0) {
                char *nl = memchr(c->in.p + c->pos, '\n', c->in.n - c->pos); if (!nl) return 0;
                c->chunk_left = strtol(c->in.p + c->pos, NULL, 16); c->pos = (size_t)(nl + 1 - c->in.p);
                c->chunk_phase = c->chunk_left ? 1 : 3;
            } else if (c->chunk_phase == 1) {
                size_t have = c->in.n - c->pos; if (have > (size_t)c->chunk_left) have = (size_t)c->chunk_left;
                badd(&c->body, c->in.p + c->pos, have); c->pos += have; c->chunk_left -= (long)have;
                if (c->chunk_left) return 0;
                c->chunk_phase = 2;
            } else if (c->chunk_phase == 2) { if (c->in.n - c->pos < 2) return 0; c->pos += 2; c->chunk_phase = 0; }
            else { char *nl = memchr(c->in.p + c->pos, '\n', c->in.n - c->pos); if (!nl) return 0; size_t l = (size_t)(nl - (c->in.p + c->pos)); c->pos = (size_t)(nl + 1 - c->in.p); if (l <= 1) return 1; }
        }
    }
    if (c->clen >= 0) {
        if (c->in.n - c->pos < (size_t)c->clen) return 0;
        badd(&c->body, c->in.p + c->pos, (size_t)c->clen); return 1;
    }
    return 0;
}
static void completed(Conn *c) { finish(c); if (c->closing) conn_close(c); go_next(c); }
static void on_event(Conn *c, uint32_t ev) {
    if (c->fd < 0) return;
    if (!c->active) { conn_close(c); return; }        /* server closed an idle connection */
    if (c->st == C_CONNECTING) {
        int e = 0; socklen_t l = sizeof e; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &l);
        if (e) { fail(c, "connect failed"); return; }
        c->st = C_SEND;
    }
    if (c->st == C_SEND && (ev & (EPOLLOUT | EPOLLERR | EPOLLHUP))) { try_send(c); if (c->fd < 0 || c->st != C_RECV) return; }
    if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        for (;;) {
            breserve(&c->in, 65536);
            ssize_t k = recv(c->fd, c->in.p + c->in.n, c->in.cap - c->in.n - 1, 0);
            /* acknowledge at once, so that a server without TCP_NODELAY is not charged the 40 ms of a delayed ACK; -Q turns this off */
            if (quickack) { int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one); }
            if (k > 0) {
                c->in.n += (size_t)k; c->in.p[c->in.n] = 0;
                int r = parse(c); if (r < 0) { fail(c, "not HTTP"); return; }
                if (r == 1) { completed(c); return; }
            } else if (k == 0) {
                if (c->hdr && !c->chunked && c->clen < 0) { badd(&c->body, c->in.p + c->pos, c->in.n - c->pos); c->closing = 1; completed(c); return; }
                fail(c, "connection closed early"); return;
            } else { if (errno == EAGAIN) return; if (errno == EINTR) continue; fail(c, "recv failed"); return; }
        }
    }
}
static void drive(const char *w, int conc, long count, double secs) {
    snprintf(work, sizeof work, "%s", w);
    nlat = 0; n_err = n_bad = n_done = 0; b_in = b_out = 0; n_connect = n_reconnect = 0; memset(st_count, 0, sizeof st_count);
    items_last = items_exp = -1; first_bad[0] = 0; consec_err = 0; issued = 0; goal = count; stop_issuing = 0; deadline = now() + secs;
    if (ep >= 0) close(ep);
    ep = epoll_create1(0);
    for (int i = 0; i < conc; i++) { Conn *c = &conns[i]; if (c->fd >= 0) conn_close(c); c->id = i; c->fd = -1; c->st = C_OFF; c->active = 0; c->step = 0; c->paging = 0; c->earlier = 0; c->token[0] = 0; }
    int polls = !strcmp(w, "W15");                      /* one connection writes, the others poll at their times until it is done */
    for (int i = 0; i < conc; i++) if (polls && i > 0) conns[i].due = now() + POLL_PAUSE * i / conc; else if (next_request(&conns[i])) start(&conns[i]);
    struct epoll_event ev[64];
    for (;;) {
        int busy = 0; for (int i = 0; i < (polls ? 1 : conc); i++) busy += conns[i].active;
        if (!busy) break;
        if (polls) { double t = now(); for (int i = 1; i < conc; i++) if (!conns[i].active && conns[i].due && conns[i].due <= t && next_request(&conns[i])) start(&conns[i]); }
        int k = epoll_wait(ep, ev, 64, polls ? 1 : 500);
        for (int i = 0; i < k; i++) on_event((Conn *)ev[i].data.ptr, ev[i].events);
        if (k == 0 || (rnd() & 1023) == 0) { double t = now(); for (int i = 0; i < conc; i++) if (conns[i].active && t - conns[i].t0 > req_timeout) { conns[i].retried = 1; fail(&conns[i], "timed out"); } }
    }
    for (int i = 0; i < conc; i++) conn_close(&conns[i]);
}
static void report(const char *name, int conc, double secs, Usage a, Usage z, double gen) {
    if (nlat) qsort(lat, (size_t)nlat, sizeof *lat, cmpd);
    double sum = 0; for (long i = 0; i < nlat; i++) sum += lat[i];
    double rps = 0;
    if (!strcmp(name, "W9") && sum > 0) rps = (double)nlat / (sum / 1e3);        /* the untimed changes are left out */
    else if (secs > 0) rps = (double)n_done / secs;
    printf("{\"server\":\"%s\",\"n\":%ld,\"w\":\"%s\",\"c\":%d,\"run\":%d,\"requests\":%ld,\"errors\":%ld,\"bad\":%ld,\"secs\":%.3f,\"rps\":%.2f,"
           "\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"bytes_in\":%llu,\"bytes_out\":%llu,\"bytes_per_resp\":%.0f,\"items\":%ld,\"items_expected\":%ld,"
           "\"connects\":%ld,\"reconnects\":%ld,\"cpu_s\":%.3f,\"cpu_s_per_1000\":%.3f,\"pss_kb\":%ld,\"hwm_kb\":%ld,\"procs\":%d,\"gen_cpu_s\":%.3f,\"others_share\":%.3f,\"status\":{",
           label, N, name, conc, run_no, n_done, n_err, n_bad, secs, rps, pct(.5), pct(.95), pct(.99), nlat ? lat[nlat - 1] : 0.0, b_in, b_out,
           n_done ? (double)b_in / (double)n_done : 0.0, items_last, items_exp, n_connect, n_reconnect, z.cpu - a.cpu,
           n_done ? (z.cpu - a.cpu) * 1000.0 / (double)n_done : 0.0, z.pss_kb, z.hwm_kb, z.procs, gen, others_share);
    int f = 1; for (int s = 0; s < 600; s++) if (st_count[s]) { printf("%s\"%d\":%ld", f ? "" : ",", s, st_count[s]); f = 0; }
    printf("}%s%s%s}\n", first_bad[0] ? ",\"note\":\"" : "", first_bad, first_bad[0] ? "\"" : "");
    fflush(stdout);
}
static void measured(const char *w, int conc, long count, double secs) {
    wait_for_quiet();
    Usage a = usage_of(pids_opt); double g = own_cpu(), m = machine_busy(), t = now();
    drive(w, conc, count, secs);
    double dt = now() - t; double gg = own_cpu() - g; m = machine_busy() - m; Usage z = usage_of(pids_opt);
    others_share = dt > 0 ? (m - gg - (z.cpu - a.cpu)) / (dt * cpus) : 0; if (others_share < 0) others_share = 0;
    report(w, conc, dt, a, z, gg);
}
static int silent(const char *w, int conc, long count, double secs) { drive(w, conc, count, secs); return n_err == 0; }

static void usage(void) {
    fputs("cdload [options] URL WORK[:CONC] ...\n"
          "  URL is the calendar collection, http://host:port/path/\n"
          "  -u user -p pass -n N (events in the collection) -t seconds (limit per workload) -r max requests -m min requests\n"
          "  -l label -R run number -P pid,pid (roots of the server's process trees) -T request timeout -v -Q (no TCP_QUICKACK)\n"
          "  -W seconds: before each workload wait so long at most for the machine to be less than a quarter busy\n"
          "  -C M: M calendars c0, c1, … of N events each below URL, for MKCAL, LOAD and W14\n"
          "  WORK: MKCAL LOAD W1..W13 (W1 also measures W11, the deletes of what it put; W5 = W5a + W5b + W5c)\n"
          "    W14: W13 over many calendars; W15: W1 on one connection while the others poll once a second each\n"
          "  IFEMPTY before LOAD: skip the load when the last event is there already.  DUMP i prints event i; DUMPDIR dir (with -n) writes them all;\n"
          "  EXPECT (with -n) prints the number of events and instances of each month.\n", stderr);
    exit(2);
}
static void b64(const char *s, char *o) {
    static const char t[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; size_t n = strlen(s), i;
    for (i = 0; i < n; i += 3) { unsigned v = (unsigned)(unsigned char)s[i] << 16 | (i + 1 < n ? (unsigned)(unsigned char)s[i + 1] << 8 : 0) | (i + 2 < n ? (unsigned char)s[i + 2] : 0);
        *o++ = t[v >> 18]; *o++ = t[v >> 12 & 63]; *o++ = i + 1 < n ? t[v >> 6 & 63] : '='; *o++ = i + 2 < n ? t[v & 63] : '='; } *o = 0;
}
int main(int argc, char **argv) {
    const char *user = "", *pass = ""; int o; signal(SIGPIPE, SIG_IGN); signal(SIGINT, on_quit); signal(SIGTERM, on_quit); cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);
    while ((o = getopt(argc, argv, "u:p:n:t:r:m:l:R:P:T:W:C:Qv")) != -1) switch (o) {
        case 'u': user = optarg; break; case 'p': pass = optarg; break; case 'n': N = atol(optarg); break; case 't': limit_s = atof(optarg); break;
        case 'r': max_req = atol(optarg); break; case 'm': min_req = atol(optarg); break; case 'l': label = optarg; break; case 'C': calendars = atol(optarg); break; case 'R': run_no = atoi(optarg); break;
        case 'P': pids_opt = optarg; break; case 'T': req_timeout = atof(optarg); break; case 'Q': quickack = 0; break; case 'W': quiet_wait = atof(optarg); break; case 'v': verbose++; break; default: usage(); }
    if (optind >= argc) usage();
    if (!strcmp(argv[optind], "DUMP")) { for (int i = optind + 1; i < argc; i++) { Buf b = { 0 }; ics(&b, atol(argv[i]), uid_tag, 0); fwrite(b.p, 1, b.n, stdout); } return 0; }
    if (!strcmp(argv[optind], "DUMPDIR") && optind + 1 < argc) {      /* the whole data set as files, for a bulk import */
        snprintf(uid_tag, sizeof uid_tag, "n%ld", N);
        for (long i = 0; i < N; i++) { char f[600]; snprintf(f, sizeof f, "%s/e%ld.ics", argv[optind + 1], i); Buf b = { 0 }; ics(&b, i, uid_tag, 0); FILE *o = fopen(f, "w"); if (!o) { perror(f); return 3; } fwrite(b.p, 1, b.n, o); fclose(o); free(b.p); }
        return 0;
    }
    if (!strcmp(argv[optind], "EXPECT")) { expectations(N); for (int i = 0; i < MONTHS; i++) printf("%d-%02d events %d instances %d\n", 2022 + i / 12, i % 12 + 1, exp_ev[i], exp_inst[i]); return 0; }
    const char *url = argv[optind++]; if (strncmp(url, "http://", 7)) usage();
    const char *h = url + 7, *sl = strchr(h, '/'); if (!sl) usage();
    snprintf(host, sizeof host, "%.*s", (int)(sl - h), h); char *col = strchr(host, ':'); if (col) { snprintf(portstr, sizeof portstr, "%s", col + 1); *col = 0; }
    snprintf(base, sizeof base, "%s", sl);
    struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET }, *ai; if (getaddrinfo(host, portstr, &hint, &ai)) { fprintf(stderr, "cannot resolve\n"); return 3; }
    memcpy(&addr, ai->ai_addr, ai->ai_addrlen); addrlen = ai->ai_addrlen;
    if (*user) { char up[256], e[400]; snprintf(up, sizeof up, "%s:%s", user, pass); b64(up, e); snprintf(authline, sizeof authline, "Authorization: Basic %s\r\n", e); }
    for (int i = 0; i < MAXC; i++) conns[i].fd = -1;
    tokens = calloc((size_t)calendars + 1, sizeof *tokens);
    struct rlimit files; if (!getrlimit(RLIMIT_NOFILE, &files)) { files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files); }
    etags = calloc((size_t)N + 1, sizeof *etags); order = calloc((size_t)N + 1, sizeof *order);
    rng_state = mix((uint64_t)time(NULL) ^ (uint64_t)getpid() << 20); put_seq = (int)(time(NULL) % 2000 * 1000000); /* no other run writes the same octets: that would be no change */
    expectations(N);
    snprintf(uid_tag, sizeof uid_tag, "n%ld", N);        /* some servers want UIDs unique over all of a user's calendars */
    int skip_load = 0;
    for (; optind < argc && !quit; optind++) {
        char w[16]; snprintf(w, sizeof w, "%s", argv[optind]); int c = 1; char *q = strchr(w, ':'); if (q) { *q = 0; c = atoi(q + 1); } if (c < 1 || c > MAXC) usage();
        if (!strcmp(w, "MKCAL")) { drive("MKCAL", calendars ? c : 1, calendars ? calendars : 1, calendars ? 1e9 : 10); if (verbose) fprintf(stderr, "MKCALENDAR: %s\n", n_done ? "201" : first_bad); }
        else if (!strcmp(w, "IFEMPTY")) { drive("PROBE", 1, 1, 10); skip_load = n_done == 1; }
        else if (!strcmp(w, "LOAD")) { if (!skip_load) measured("LOAD", c, calendars ? calendars * N : N, 1e9); }
        else if (!strcmp(w, "W1")) {
            snprintf(new_tag, sizeof new_tag, "%lx%d%d", (long)time(NULL), run_no, c); measured("W1", c, max_req, limit_s);
            if (issued > 0 && n_done > 0) measured("W11", c, issued, 1e9); }
        else if (!strcmp(w, "W15")) {
            snprintf(new_tag, sizeof new_tag, "%lx%d%d", (long)time(NULL), run_no, c); measured("W15", c, max_req, limit_s);
            if (issued > 0 && n_done > 0) silent("W11", 8, issued, 1e9); }
        else if (!strcmp(w, "W3")) {
            for (long i = 0; i < N; i++) order[i] = i;
            for (long i = N - 1; i > 0; i--) { long j = (long)(rnd() % (uint64_t)(i + 1)); long t = order[i]; order[i] = order[j]; order[j] = t; }
            long m = max_req < N ? max_req : N; silent("TAGS", c, m, limit_s); long got = issued; if (n_done == 0) { report("W3", c, 0, (Usage){ 0 }, (Usage){ 0 }, 0); continue; }
            measured("W3", c, got, limit_s); }
        else if (!strcmp(w, "W5")) { measured("W5a", c, max_req, limit_s); measured("W5b", c, max_req, limit_s); measured("W5c", c, max_req, limit_s); }
        else if (!strcmp(w, "W9") || !strcmp(w, "W13")) { global_token[0] = 0; if (!silent("W8", 1, 1, 60) || !global_token[0]) { n_done = 0; nlat = 0; report(w, c, 0, (Usage){ 0 }, (Usage){ 0 }, 0); continue; } measured(w, !strcmp(w, "W9") ? 1 : c, max_req, limit_s); }
        else measured(w, c, max_req, limit_s);
    }
    return 0;
}
