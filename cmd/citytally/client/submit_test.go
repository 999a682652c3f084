package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/cmd/citytally/present"
	sender "github.com/citytally/citytally/ingest/client"
)

// A gateway that takes nothing is no reason to wait for ever, nor one that is not there.
func TestSubmitSaysThatNothingIsTaken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":503,"title":"Service Unavailable","detail":"the broker is away","detail_zh":"消息服务暂不可用"}`)
	}))
	defer server.Close()
	submit := func(l present.Language) error {
		_, err := SubmitFile(t.Context(), &sender.Client{BaseURL: server.URL}, strings.NewReader("{}"), "-", sender.Upload{}, l)
		return err
	}
	for l, want := range map[present.Language][]string{
		present.English: {"the broker is away", "--wait", "citytally status", server.URL}, present.Chinese: {"消息服务暂不可用", "--wait", "citytally status"},
	} {
		for _, words := range want {
			if err := submit(l); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("want %q, got %v", words, err)
			}
		}
	}
	server.Close()
	if _, ok := errors.AsType[*AbsentError](submit(present.English)); !ok {
		t.Error("want an AbsentError where nothing listens")
	}
}

// Names are asked for once, in the reader's language; without an answer a receipt has none.
func TestReceiptsHaveNames(t *testing.T) {
	asked, status := 0, http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"version":"1","indicators":[{"id":"gdp","name_zh":"地区生产总值","name_en":"gross product"}]}`)
	}))
	defer server.Close()
	gateway := &sender.Client{BaseURL: server.URL, RetryFor: time.Hour}
	if zh, en := IndicatorNames(t.Context(), gateway, present.Chinese), IndicatorNames(t.Context(), gateway, present.English); zh["gdp"] != "地区生产总值" || en["gdp"] != "gross product" {
		t.Errorf("names %v, %v", zh, en)
	}
	asked, status = 0, http.StatusServiceUnavailable
	if names := IndicatorNames(t.Context(), gateway, present.Chinese); names != nil || asked != 1 {
		t.Errorf("names %v of a gateway that was asked %d times", names, asked)
	}
}
