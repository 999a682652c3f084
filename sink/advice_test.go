package sink

import (
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// A full disk is told where there is no room, and not where a disk cannot be written for another
// reason; both pass.
func TestWriteErrorsAreToldApart(t *testing.T) {
	for _, test := range []struct {
		code    int32
		message string
		full    bool
	}{
		{codeNotEnoughSpace, "Cannot reserve 1.00 MiB, not enough space", true},
		{codeCannotWrite, "Cannot write to file: , errno: 28, strerror: No space left on device", true},
		{codeCannotWrite, "Cannot write to file: , errno: 122, strerror: Disk quota exceeded", true},
		{codeCannotWrite, "Cannot write to file: , errno: 5, strerror: Input/output error", false},
		{codeCannotWrite, "Cannot write to file: , errno: 27, strerror: File too large", false},
	} {
		err := &clickhouse.Exception{Code: test.code, Message: test.message}
		if told := strings.Contains(Advice(err).EN, "free disk space"); told != test.full || !mayPass(err) || strings.Contains(Advice(err).ZH, "腾出空间") != told {
			t.Errorf("%s: told as a full disk %v, may pass %v", test.message, told, mayPass(err))
		}
	}
}
