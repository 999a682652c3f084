package libchdb

import (
	"errors"
	"fmt"
)

// libraryVersion is the version of every package below. ClickHouse inside it
// is 26.7.2.1.
const libraryVersion = "26.7.3-stable.1"

// ErrUnsupported is what [Fetch] returns, wrapped, where no engine is
// published for the operating system and processor.
var ErrUnsupported = errors.New("no embedded ClickHouse for this platform")

// platform is the package that carries the engine for one operating system
// and processor.
type platform struct {
	name    string // npm package
	version string
	library string // the one file wanted of it

	// The rest was recorded when the version was chosen. Where the integrity
	// is empty nothing could be recorded: the package is then compared with
	// what npm itself reports, which catches damage on the way but not a
	// package replaced at its source.
	integrity     string // SHA-512 of the tarball, as npm writes it
	packedSize    int64  // bytes of the tarball
	librarySHA256 string // of the file wanted, hexadecimal
}

func (p platform) spec() string { return p.name + "@" + p.version }

// platformOf returns the package for goos and goarch as Go names them.
func platformOf(goos, goarch string) (platform, error) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return platform{
			name:          "@chdb/lib-linux-x64-gnu",
			version:       libraryVersion,
			library:       "libchdb.so",
			integrity:     "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			packedSize:    177_817_999,
			librarySHA256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
		}, nil
	case "linux/arm64":
		return platform{name: "@chdb/lib-linux-arm64-gnu", version: libraryVersion, library: "libchdb.so"}, nil
	case "darwin/amd64":
		return platform{name: "@chdb/lib-darwin-x64", version: libraryVersion, library: "libchdb.dylib"}, nil
	case "darwin/arm64":
		return platform{name: "@chdb/lib-darwin-arm64", version: libraryVersion, library: "libchdb.dylib"}, nil
	}
	return platform{}, fmt.Errorf("%w (%s/%s): point clickhouse.dsn at a ClickHouse server, "+
		"or run on linux or macOS with an amd64 or arm64 processor", ErrUnsupported, goos, goarch)
}
