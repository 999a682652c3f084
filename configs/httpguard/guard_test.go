package httpguard_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/configs/httpguard/httpguardtest"
)

func TestGuardKeepsPagesOut(t *testing.T) {
	var guard *httpguard.Guard
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guard.Check(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	}))
	defer server.Close()
	guard = httpguard.New(server.Listener.Addr().String(), nil)
	httpguardtest.Run(t, server.URL, httpguardtest.Route{Path: "/"}, httpguardtest.Route{Path: "/?a=b"})
}

func TestGuardKnowsItsNames(t *testing.T) {
	for _, test := range []struct {
		address, local string
		hosts          []string
		host           string
		answered       bool
	}{
		{"0.0.0.0:8470", "10.0.0.7", nil, "10.0.0.7:8470", true},
		{":8470", "2001:db8::1", nil, "[2001:db8::1]:8470", true},
		{"0.0.0.0:8470", "10.0.0.7", nil, "10.0.0.8:8470", false},
		{"0.0.0.0:8470", "10.0.0.7", nil, "tally.example", false},
		{"tally.example:8470", "10.0.0.7", nil, "tally.example:8470", true},
		{"0.0.0.0:8470", "10.0.0.7", []string{"Tally.example", "2001:db8::2"}, "TALLY.EXAMPLE", true},
		{"0.0.0.0:8470", "10.0.0.7", []string{"tally.example", "2001:db8::2"}, "[2001:db8::2]:80", true},
		{"0.0.0.0:8470", "10.0.0.7", []string{"tally.example"}, "evil.tally.example", false},
		{"0.0.0.0:8470", "10.0.0.7", []string{"tally.example"}, "", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = test.host
		r = r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(test.local), Port: 8470}))
		err := httpguard.New(test.address, test.hosts).Check(r)
		if (err == nil) != test.answered {
			t.Errorf("%s, hosts %v: Host %q: want answered %t, got %v", test.address, test.hosts, test.host, test.answered, err)
		}
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	for header, want := range map[string][2]string{
		"":                     {`this server is not called "evil.example"`, `"evil.example"`},
		"https://evil.example": {`a web page of another site ("https://evil.example")`, "其他网站的页面"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = "evil.example"
		if header != "" {
			r.Host = "localhost"
			r.Header.Set("Origin", header)
		}
		refusal, ok := errors.AsType[*httpguard.Refusal](httpguard.New("127.0.0.1:1", nil).Check(r))
		if !ok || !strings.Contains(refusal.Error(), want[0]) || !strings.Contains(refusal.Chinese(), want[1]) {
			t.Errorf("want %q, got %v", want, refusal)
		}
	}
}
