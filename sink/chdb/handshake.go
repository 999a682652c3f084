package chdb

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/engine"
)

// File descriptors of the listening sockets in the child: the first after standard error.
const (
	httpDescriptor   = 3
	nativeDescriptor = 4
	localDescriptor  = 5 // with TLS alone
)

// childConfig is what the parent writes to the child's standard input, as one
// line of JSON. The pipe stays open afterwards, for one line of [tlsfiles.Material] at each
// change of certificate, which the confined child cannot read from a file; its end tells the
// child to stop.
type childConfig struct {
	Library   string        `json:"library"`
	Dir       string        `json:"dir"` // the server's, not the engine's
	Host      string        `json:"host"`
	Hosts     []string      `json:"hosts"`
	Users     []engine.User `json:"users"`
	Databases []string      `json:"databases"`
	Readable  []string      `json:"readable"`
	MaxMemory int64         `json:"max_memory"` // bytes
	LogLevel  string        `json:"log_level"`
	Confine   confine.Mode  `json:"confine"`
	// TLS is what both protocols speak; nil is plain text.
	TLS *tlsfiles.Material `json:"tls,omitempty"`
}

// descriptors is how many the child inherits, the first three included.
func (c childConfig) descriptors() int {
	if c.TLS != nil {
		return localDescriptor + 1
	}
	return nativeDescriptor + 1
}

// parseConfig parses the parent's line.
func parseConfig(line []byte) (cfg childConfig, err error) {
	if err = json.Unmarshal(line, &cfg); err != nil {
		err = fmt.Errorf("read configuration from standard input: %w; this command is for citytally itself to run", err)
	}
	return cfg, err
}

// readLine reads up to the first line break and not a byte further: what follows
// belongs to the process that this one becomes.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	next := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, next); err != nil {
			return nil, err
		}
		if next[0] == '\n' {
			return line, nil
		}
		line = append(line, next[0])
	}
}

// engine is the configuration of the engine in this process.
func (c childConfig) engine(logger zerolog.Logger) engine.Config {
	return engine.Config{
		Library: c.Library, Dir: filepath.Join(c.Dir, engineDirName), ConfigDir: filepath.Join(c.Dir, configDirName), Users: c.Users,
		Databases: c.Databases, Readable: c.Readable, Logger: logger, MaxMemory: c.MaxMemory,
	}
}

// childAnswer is what the child writes to its standard output, as one line of
// JSON, once it serves or cannot serve.
type childAnswer struct {
	HTTP    string `json:"http,omitempty"`
	Native  string `json:"native,omitempty"`
	Version string `json:"version,omitempty"` // ClickHouse's
	PID     int    `json:"pid"`
	Error   string `json:"error,omitempty"`
	// Confined is what keeps the child from the rest of the machine.
	Confined confine.State `json:"confined"`
}
