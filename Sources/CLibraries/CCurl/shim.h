#include <curl/curl.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, which Swift cannot call: one wrapper per type.

static inline CURLcode kalends_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kalends_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kalends_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kalends_curl_set_octets(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kalends_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

typedef size_t (*kalends_curl_receiver)(char *octets, size_t size, size_t count, void *context);

// The option of the function and that of its context, which belong together.
static inline CURLcode kalends_curl_set_receiver(
    CURL *easy, CURLoption function_option, kalends_curl_receiver receiver, CURLoption context_option, void *context
) {
    CURLcode code = curl_easy_setopt(easy, function_option, receiver);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, context_option, context);
}

// Asked each time before a request is written to its connection.
static inline CURLcode kalends_curl_set_permission(CURL *easy, curl_prereq_callback asked, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, asked);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
}

static inline long kalends_curl_status(CURL *easy) {
    long status = 0;
    return curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

static inline CURLMcode kalends_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// What a server sent for its TLS greeting; owned by the handle.
static inline struct curl_certinfo *kalends_curl_certificates(CURL *easy) {
    struct curl_certinfo *found = NULL;
    return curl_easy_getinfo(easy, CURLINFO_CERTINFO, &found) == CURLE_OK ? found : NULL;
}

// CURLMsg.data is a union.
static inline CURLcode kalends_curl_message_result(const CURLMsg *message) { return message->data.result; }

// Macros with casts or shifts, which Swift does not see.
static const long kalends_curl_global_default = CURL_GLOBAL_DEFAULT;
static const long kalends_curl_multiplex = CURLPIPE_MULTIPLEX;
