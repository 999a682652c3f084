package natsd

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// fileWatch is what was seen of the files of the streams that a server holds open.
type fileWatch struct {
	mu     sync.Mutex
	of     *server.Server
	blocks map[openStream][]int // numbers of the files of messages that were there
	lost   map[openStream]bool
}

// openStream is a stream, which may be deleted and created again.
type openStream struct {
	name    string
	created time.Time
}

// LostFiles returns the streams, in order, of which files were removed while the server runs. The server
// does not notice: it reads on from memory and writes on into files that nobody finds any more, so that what
// is acknowledged is gone when it stops. A stream stays among them until the server is started again.
func (s *Server) LostFiles() ([]string, error) {
	if s.Paused() != nil {
		return nil, nil
	}
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	if ns := s.current(); s.files.of != ns {
		s.files.of, s.files.blocks, s.files.lost = ns, map[openStream][]int{}, map[openStream]bool{}
	}
	first, err := s.lookAtFiles()
	if err == nil && len(first) > 0 {
		// The server may have been replacing a file at that moment.
		var again []openStream
		again, err = s.lookAtFiles()
		first = slices.DeleteFunc(first, func(o openStream) bool { return !slices.Contains(again, o) })
	}
	if err != nil {
		return nil, err
	}
	for _, of := range first {
		s.files.lost[of] = true
	}
	var names []string
	for of := range s.files.lost {
		names = append(names, of.name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// lookAtFiles returns the streams that lack files now, and notes which files the others have.
func (s *Server) lookAtFiles() ([]openStream, error) {
	account := cmp.Or(s.cfg.Account, server.DEFAULT_GLOBAL_ACCOUNT)
	detail, err := s.files.of.JszAccount(&server.JSzOptions{Account: account, Streams: true, Config: true})
	if err != nil {
		return nil, fmt.Errorf("list the streams of the NATS server: %w", err)
	}
	var lacking []openStream
	for i := range detail.Streams {
		of, config := openStream{detail.Streams[i].Name, detail.Streams[i].Created}, detail.Streams[i].Config
		dir := filepath.Join(s.cfg.Dir, server.JetStreamStoreDir, account, "streams", of.name)
		_, err := os.Stat(filepath.Join(dir, server.JetStreamMetaFile))
		blocks := blocksIn(filepath.Join(dir, "msgs"))
		// The last file of messages is removed only once there is a later one; of a stream from which
		// nothing is ever taken out, none is.
		forEver := config != nil && config.DenyPurge && config.MaxAge == 0
		lost := slices.DeleteFunc(slices.Clone(s.files.blocks[of]), func(n int) bool { return slices.Contains(blocks, n) })
		removed := forEver && len(lost) > 0
		if n := len(lost); n > 0 {
			removed = removed || len(blocks) == 0 || lost[n-1] > blocks[len(blocks)-1]
		}
		if os.IsNotExist(err) || removed || len(blocks) == 0 && detail.Streams[i].State.Msgs > 0 {
			lacking = append(lacking, of)
			continue
		}
		s.files.blocks[of] = blocks
	}
	return lacking, nil
}

// blocksIn returns the numbers of the files of messages in a directory, in order.
func blocksIn(dir string) []int {
	entries, _ := os.ReadDir(dir) // none where it is gone
	var numbers []int
	for _, e := range entries {
		if number, is := strings.CutSuffix(e.Name(), ".blk"); is {
			if n, err := strconv.Atoi(number); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	slices.Sort(numbers)
	return numbers
}
