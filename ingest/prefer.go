package ingest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// preferredWait reads the header Prefer: wait=N, in seconds (RFC 7240). As the RFC says,
// the first wait counts, and a preference that cannot be read is ignored.
func preferredWait(header http.Header) (time.Duration, bool) {
	for _, line := range header.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return 0, false
			}
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}
