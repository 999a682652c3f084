package outbound

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestIsLocal(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "::ffff:127.0.0.1": true, "0.0.0.0": true, "169.254.169.254": true, "fe80::1": true, "224.0.0.1": true,
		"100.100.100.200": true, "fd00:ec2::254": true, "10.1.2.3": false, "192.168.1.1": false, "203.0.113.9": false,
	} {
		if got := IsLocal(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// A name that resolves to this machine is as local as its address, and no redirect gets there.
func TestLocalAddressesAreRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere.example/", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, address := range []string{server.URL, named} {
		_, err := Client(time.Second, 0, false).Get(address)
		if err == nil || !strings.Contains(err.Error(), "allow_local") || strings.Contains(WithoutAddress(err).Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
	answer, err := Client(time.Second, 0, true).Get(server.URL)
	if err != nil || answer.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("without redirects: %v", err)
	}
	answer.Body.Close()
	if _, err := Client(time.Second, 3, true).Get(server.URL); err == nil || !strings.Contains(err.Error(), "another origin") {
		t.Errorf("to another origin: %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	for _, bad := range []string{"", "ftp://a", "//a", "http://", "https://user:geheim@a/", "%"} {
		if err := CheckURL(bad); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := CheckURL("https://bureau.example/hook?x=1"); err != nil {
		t.Error(err)
	}
}
