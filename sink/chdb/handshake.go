package chdb

import "github.com/citytally/citytally/sink/chdb/engine"

// The child inherits its two listening sockets as these file descriptors, the
// first two after standard error.
const (
	httpDescriptor   = 3
	nativeDescriptor = 4
)

// childConfig is the one line of JSON the parent writes to the child's
// standard input. The pipe stays open after it; its end tells the child to
// stop.
type childConfig struct {
	Library   string        `json:"library"`
	Dir       string        `json:"dir"`
	Users     []engine.User `json:"users"`
	MaxMemory int64         `json:"max_memory"` // bytes
	LogLevel  string        `json:"log_level"`
}

// childAnswer is the one line of JSON the child answers with on its standard
// output, once it serves or knows that it cannot.
type childAnswer struct {
	HTTP    string `json:"http,omitempty"`
	Native  string `json:"native,omitempty"`
	Version string `json:"version,omitempty"` // ClickHouse's
	PID     int    `json:"pid"`
	Error   string `json:"error,omitempty"`
}
