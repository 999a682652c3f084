package natsd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
)

// takeOverStreams moves the streams of the account that everybody is in while there are no
// others to an account that has none yet. The server looks for streams by the account's name.
// The caller holds the lock on dir.
func takeOverStreams(dir, account string) error {
	if account == "" {
		return nil
	}
	accounts := filepath.Join(dir, server.JetStreamStoreDir)
	to := filepath.Join(accounts, account)
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.Rename(filepath.Join(accounts, server.DEFAULT_GLOBAL_ACCOUNT), to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move streams to account %s: %w", account, err)
	}
	return nil
}
