package libchdb

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeNPM is a stand-in for the package source, not for the code under test:
// it serves $FAKE_NPM_TARBALL the way npm pack leaves a file behind, and notes
// each call.
const fakeNPM = `#!/bin/sh
echo "$1" >>"$FAKE_NPM_CALLS"
command=$1
while [ $# -gt 0 ]; do
	case $1 in
	--pack-destination) destination=$2 ;;
	--cache) cache=$2 ;;
	esac
	shift
done
case $command in
view)
	echo "$FAKE_NPM_INTEGRITY"
	;;
pack)
	mkdir -p "$cache/_cacache"
	if [ "$FAKE_NPM_MODE" = fail ]; then
		echo "npm error 404 Not Found" >&2
		exit 1
	fi
	if [ "$FAKE_NPM_MODE" = hang ]; then
		echo half >"$destination/half.tgz"
		tail -f /dev/null
	fi
	cp "$FAKE_NPM_TARBALL" "$cache/_cacache/content"
	cp "$FAKE_NPM_TARBALL" "$destination/chdb-lib-test-1.tgz"
	;;
esac
`

// source is a fake npm on the PATH with one package in it.
type source struct {
	calls    string
	platform platform
	library  []byte
}

func newSource(t *testing.T) source {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(fakeNPM), 0o755); err != nil {
		t.Fatal(err)
	}
	s := source{calls: filepath.Join(dir, "calls"), library: bytes.Repeat([]byte("engine"), 10_000)}
	packed := tarball(t, map[string][]byte{"package/package.json": []byte("{}"), "package/libchdb.so": s.library})
	path := filepath.Join(dir, "source.tgz")
	if err := os.WriteFile(path, packed, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.library)
	s.platform = platform{
		name: "@chdb/lib-test", version: "1", library: "libchdb.so", integrity: integrity(packed),
		packedSize: int64(len(packed)), librarySHA256: hex.EncodeToString(sum[:]),
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FAKE_NPM_CALLS", s.calls)
	t.Setenv("FAKE_NPM_TARBALL", path)
	t.Setenv("FAKE_NPM_INTEGRITY", s.platform.integrity)
	return s
}

func tarball(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for name, data := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func integrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// downloads counts the calls of "npm pack".
func (s source) downloads(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.calls)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "pack\n")
}

func (s source) fetcher(t *testing.T, cache string, progress func(Progress)) *fetcher {
	t.Helper()
	f, err := newFetcher(s.platform, Config{CacheDir: cache, Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wantOnly checks that the cache holds these files and no leftovers.
func wantOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("cache holds %q, want %q", got, names)
	}
}
