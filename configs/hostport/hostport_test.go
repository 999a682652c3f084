package hostport

import "testing"

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		address, host string
		port          int
		err           string
	}{
		{"127.0.0.1:8470", "127.0.0.1", 8470, ""},
		{"[::1]:0", "::1", 0, ""},
		{":65535", "", 65535, ""},
		{"localhost", "", 0, `want host:port such as h:1, got "localhost"`},
		{"localhost:http", "", 0, `want a port from 0 to 65535, got "http"`},
		{"localhost:65536", "", 0, `want a port from 0 to 65535, got "65536"`},
	} {
		host, port, err := Split(test.address, "h:1")
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("Split(%q): want error %q, got %v", test.address, test.err, err)
			}
			continue
		}
		if err != nil || host != test.host || port != test.port {
			t.Errorf("Split(%q): want %q and %d, got %q, %d and %v", test.address, test.host, test.port, host, port, err)
		}
	}
}

func TestIsHost(t *testing.T) {
	for host, want := range map[string]bool{
		"tally.example": true, "ingest_1": true, "10.0.0.1": true, "::1": true, "a": true,
		"": false, "tally.example:8470": false, "http://tally.example": false, "*": false, ".example": false, "example.": false, "a b": false,
	} {
		if got := IsHost(host); got != want {
			t.Errorf("IsHost(%q): want %v, got %v", host, want, got)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true, "": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "example.org": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q): want %v, got %v", host, want, got)
		}
	}
}
