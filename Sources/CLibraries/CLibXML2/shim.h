#include <libxml/xmlversion.h>

// The header of encodings would bring in the system's ICU; Foundation has one of its own, and a compilation that meets both
// definitions of a type is refused. Nothing of what is used here depends on it.
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/SAX2.h>
