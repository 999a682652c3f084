package ingest

import (
	"net/http"
	"testing"
	"time"
)

func TestPreferredWait(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  time.Duration
		ok    bool
	}{
		"none":          {nil, 0, false},
		"seconds":       {[]string{"wait=10"}, 10 * time.Second, true},
		"among others":  {[]string{"respond-async; x=1, WAIT = 7 ;y"}, 7 * time.Second, true},
		"second line":   {[]string{"handling=lenient", `wait="3"`}, 3 * time.Second, true},
		"first counts":  {[]string{"wait=1, wait=2"}, time.Second, true},
		"no number":     {[]string{"wait=soon"}, 0, false},
		"negative":      {[]string{"wait=-1"}, 0, false},
		"no value":      {[]string{"wait"}, 0, false},
		"far too large": {[]string{"wait=99999999999"}, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := preferredWait(http.Header{"Prefer": test.lines})
			if got != test.want || ok != test.ok {
				t.Errorf("want %s %t, got %s %t", test.want, test.ok, got, ok)
			}
		})
	}
}
