package chdb

import "github.com/citytally/citytally/sink/chdb/engine"

// File descriptors of the two listening sockets in the child: the first two
// after standard error.
const (
	httpDescriptor   = 3
	nativeDescriptor = 4
)

// childConfig is what the parent writes to the child's standard input, as one
// line of JSON. The pipe stays open afterwards; its end tells the child to stop.
type childConfig struct {
	Library   string        `json:"library"`
	Dir       string        `json:"dir"`
	Users     []engine.User `json:"users"`
	MaxMemory int64         `json:"max_memory"` // bytes
	LogLevel  string        `json:"log_level"`
}

// childAnswer is what the child writes to its standard output, as one line of
// JSON, once it serves or cannot serve.
type childAnswer struct {
	HTTP    string `json:"http,omitempty"`
	Native  string `json:"native,omitempty"`
	Version string `json:"version,omitempty"` // ClickHouse's
	PID     int    `json:"pid"`
	Error   string `json:"error,omitempty"`
}
