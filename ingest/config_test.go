package ingest_test

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/ingest"
)

func TestDefaultConfigIsValid(t *testing.T) {
	check(t, ingest.DefaultConfig().Validate())
}

func TestConfigFromYAML(t *testing.T) {
	c := ingest.DefaultConfig()
	check(t, yaml.Unmarshal([]byte("address: ':80'\nmax_wait: 5s\nmax_body: 2048\ntokens_file: t.yaml\n"), &c))
	if c.Address != ":80" || c.MaxWait != 5*time.Second || c.MaxBody != 2048 || c.TokensFile != "t.yaml" || c.MaxInFlight != ingest.DefaultConfig().MaxInFlight {
		t.Errorf("got %+v", c)
	}
}

func TestConfigReportsEveryMistake(t *testing.T) {
	err := ingest.Config{Address: "8470", MaxWait: -1, MaxBody: 100 << 20}.Validate()
	if err == nil {
		t.Fatal("want an error")
	}
	for _, key := range []string{"address", "max_body", "max_in_flight", "max_rate", "max_unjudged", "max_wait", "read_header_timeout", "read_timeout", "idle_timeout", "shutdown_grace"} {
		if !strings.Contains(err.Error(), "ingest."+key+": want ") {
			t.Errorf("want ingest.%s in\n%v", key, err)
		}
	}
	c := ingest.DefaultConfig()
	c.Address = "localhost:http"
	if err := c.Validate(); err == nil {
		t.Error("want a numeric port")
	}
}
