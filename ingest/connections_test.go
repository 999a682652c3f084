package ingest_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// Whoever opens connections without a word gives way, the oldest first, and others get their answers.
func TestSilentConnectionsGiveWay(t *testing.T) {
	h := open(t)
	address := strings.TrimPrefix(h.base, "http://")
	var silent []net.Conn
	defer func() {
		for _, c := range silent {
			c.Close()
		}
	}()
	for range 1024 + 8 {
		c, err := net.Dial("tcp", address)
		check(t, err)
		silent = append(silent, c)
	}
	if answer := h.do("GET", "/v1/catalogue", "", map[string]string{"Authorization": "Bearer " + h.token("320812")}, ""); answer.status != http.StatusOK {
		t.Errorf("a district gets %d", answer.status)
	}
	check(t, silent[0].SetReadDeadline(time.Now().Add(time.Second))) // well within ReadHeaderTimeout
	if _, err := silent[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest connection is open: %v", err)
	}
}
