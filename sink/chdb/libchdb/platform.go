package libchdb

import (
	"errors"
	"fmt"
)

// libraryVersion is the version of every package below. It contains ClickHouse
// 26.7.2.1.
const libraryVersion = "26.7.3-stable.1"

// ErrUnsupported is returned by [Fetch], wrapped, when no library is published
// for the operating system and processor.
var ErrUnsupported = errors.New("no embedded ClickHouse for this platform")

// platform is the npm package with the library for one operating system and
// processor.
type platform struct {
	name    string // npm package
	version string
	library string // name of the library's file in the package

	// The other fields were recorded when the version was chosen, and are empty
	// for a platform on which that was not possible. A package without a recorded
	// integrity is compared with what npm reports, which detects damage on the way
	// but not a package that was replaced at its source.
	integrity     string // SHA-512 of the tarball, as npm writes it
	packedSize    int64  // bytes of the tarball
	librarySHA256 string // SHA-256 of the library's file, hexadecimal
}

func (p platform) spec() string { return p.name + "@" + p.version }

// platformOf returns the package for a GOOS and a GOARCH.
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
