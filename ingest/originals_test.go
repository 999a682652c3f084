package ingest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/stream"
)

// A file is kept as it came, once however often it comes, for its area and the bureau; an upload
// whose file cannot be kept stores nothing, and goes in when it can again.
func TestOriginals(t *testing.T) {
	h := open(t)
	text := "\ufeff指标,报告期,数值\r\nhnte_valid,2021,120\r\n" + strings.Repeat(" \r\n", 100_000) // of several chunks
	csv := map[string]string{"Content-Type": "text/csv"}
	path := "/v1/submissions?area=320812&dataset=sti-annual&file=" + "%E5%B9%B4%E6%8A%A5.csv"
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	first := h.do("POST", path, "320812", csv, text).receipt(t)
	if first.Original != hash {
		t.Errorf("the original is %q, want %s", first.Original, hash)
	}
	if got := h.do("GET", "/v1/submissions/"+first.ID, "320812", nil, "").receipt(t); got.Original != hash {
		t.Errorf("later the original is %q", got.Original)
	}
	original := "/v1/submissions/" + first.ID + "/original"
	for _, area := range []string{"320812", "*"} {
		a := h.do("GET", original, area, nil, "")
		if a.status != http.StatusOK || string(a.body) != text || !strings.Contains(a.header.Get("Content-Disposition"), "filename*=utf-8''%E5%B9%B4%E6%8A%A5.csv") {
			t.Errorf("for %s: %d, %d bytes, %q", area, a.status, len(a.body), a.header.Get("Content-Disposition"))
		}
	}
	if a := h.do("GET", original, "320804", nil, ""); a.status != http.StatusNotFound {
		t.Errorf("for another area: %d", a.status)
	}
	if content, err := h.client("320812").Original(t.Context(), first.ID); err != nil || !bytes.Equal(content, []byte(text)) {
		t.Errorf("by the client: %d bytes, %v", len(content), err)
	}

	kept := h.stored(stream.Originals)
	h.do("POST", path+"&again=true", "320812", csv, text).receipt(t)
	if now := h.stored(stream.Originals); now != kept {
		t.Errorf("the same file is kept again: %d messages, then %d", kept, now)
	}

	// The store is gone.
	stored := h.stored(stream.Submissions)
	check(t, h.js().DeleteStream(t.Context(), stream.Originals))
	if a := h.post("320812", figure("320812", "7")); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("without the store: %d %s", a.status, a.body)
	}
	if now := h.stored(stream.Submissions); now != stored {
		t.Error("something was stored")
	}
	sc, _ := stream.DefaultConfig().Stream(stream.Originals)
	_, err := h.js().CreateStream(t.Context(), sc)
	check(t, err)
	again := h.post("320812", figure("320812", "7")).receipt(t)
	if a := h.do("GET", "/v1/submissions/"+again.ID+"/original", "320812", nil, ""); string(a.body) != figure("320812", "7") {
		t.Errorf("after that: %d %s", a.status, a.body)
	}
	if a := h.do("GET", original, "320812", nil, ""); a.status != http.StatusGone || !strings.Contains(a.problem(t).Detail, stream.Originals) {
		t.Errorf("one that is gone: %d", a.status)
	}
}
