package bilingual

import (
	"errors"
	"fmt"
	"testing"
)

// What is joined is said line by line in Chinese; what has none stays as it is.
func TestChinese(t *testing.T) {
	full, other := New("磁盘已满", "the disk is full"), errors.New("code 439")
	for want, err := range map[string]error{
		"":                     nil,
		"磁盘已满":                 full,
		"code 439":             other,
		"磁盘已满\ncode 439\n磁盘已满": errors.Join(errors.Join(full, other), full),
		"stopped: 磁盘已满":        fmt.Errorf("stopped: %w", full),
		"第 3 块：磁盘已满，code 439":  Errorf("第 %d 块：%v，%v", "block %d: %v, %v", 3, full, other),
		"stopped: the disk is full, twice the disk is full": fmt.Errorf("stopped: %w, twice %w", full, full),
	} {
		if got := Chinese(err); got != want {
			t.Errorf("of %v: want %q, got %q", err, want, got)
		}
	}
}
