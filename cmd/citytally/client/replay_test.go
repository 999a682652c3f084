package client

import (
	"testing"
	"time"
)

// Rules: zone of the city.
func TestParseAsOf(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                          "",
		"2022-02-15":                "2022-02-15T15:59:59.999Z",
		"2022-12-31":                "2022-12-31T15:59:59.999Z",
		"2022-02-15T12:00:00+08:00": "2022-02-15T04:00:00.000Z",
		"2022-02-15T12:00:00.25Z":   "2022-02-15T12:00:00.250Z",
	} {
		got, err := ParseAsOf(text, shanghai)
		if err != nil || want == "" != got.IsZero() || want != "" && got.UTC().Format("2006-01-02T15:04:05.000Z") != want {
			t.Errorf("%q = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "2022-02-30", "2022-02-15 12:00", "2022"} {
		if _, err := ParseAsOf(text, shanghai); err == nil {
			t.Errorf("%q was taken for a time", text)
		}
	}
}
