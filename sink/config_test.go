package sink

import (
	"strings"
	"testing"
	"time"
)

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		want   string
		change func(*Config)
	}{
		{"sink.batch_rows", func(c *Config) { c.BatchRows = 0 }},
		{"sink.batch_messages", func(c *Config) { c.BatchMessages = 1 << 30 }},
		{"sink.insert_timeout", func(c *Config) { c.InsertTimeout = 0 }},
		{"sink.ack_wait", func(c *Config) { c.AckWait = time.Second - 1 }},
		{"sink.retry_from", func(c *Config) { c.RetryFrom = 0 }},
		{"sink.retry_to", func(c *Config) { c.RetryTo = c.RetryFrom - 1 }},
		{"clickhouse.cluster", func(c *Config) { c.Cluster = "a'b" }},
		{"sink.database", func(c *Config) { c.Database = "a`b" }},
	} {
		c := DefaultConfig()
		tt.change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.want+":") || strings.Contains(err.Error(), "\n") {
			t.Errorf("want one error on %s, got %v", tt.want, err)
		}
	}
	bad := Config{}
	if err := bad.Validate(); err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("an empty config has these mistakes: %v", err)
	}
}
