package drop

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The folders beside the files of an area.
const (
	doneDir    = "done"
	refusedDir = "refused"
	takenDir   = ".taken"
)

// unfinished are endings of files that programs have not finished writing, or keep beside others.
var unfinished = []string{
	".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", ".swo", ".lock", ".lck", ".bak", "~",
}

// excelTemporary is a name under which Excel writes a workbook before it takes its own.
var excelTemporary = regexp.MustCompile(`^[0-9A-F]{8}$`)

// PassedOver reports whether a name is that of a hidden, temporary or lock file.
func PassedOver(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") || excelTemporary.MatchString(name) ||
		lower == "thumbs.db" || lower == "desktop.ini" ||
		slices.ContainsFunc(unfinished, func(ending string) bool { return strings.HasSuffix(lower, ending) })
}

// maxName is how many bytes a name may have on most file systems, maxEnding how many of them are
// for what is added to a file's own.
const (
	maxName   = 255
	maxEnding = 64
)

// split returns a file's name without its ending, cut to leave room for another, and its ending.
func split(name string) (stem, ending string) {
	ending = filepath.Ext(name)
	if len(ending) > 10 {
		ending = ""
	}
	stem = strings.TrimSuffix(name, ending)
	for len(stem) > maxName-maxEnding {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return stem, ending
}
