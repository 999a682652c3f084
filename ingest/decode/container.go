package decode

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/citytally/citytally/ingest/decode/foreign"
	"github.com/citytally/citytally/ingest/event"
)

// maxDepth is how many archives may be packed into one another.
const maxDepth = 2

// read reads a file by what its first bytes say it is. Depth counts the archives around it.
func (f *file) read(data []byte, depth int) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return newProblem(Empty, "", "文件为空，没有任何数据", "the file is empty")
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return f.readGzip(data, depth)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return f.readZip(data, depth)
	}
	if problem := foreign.Format(data, f.File); problem != nil {
		return problem
	}
	text, err := f.decodeText(data)
	if err != nil {
		return err
	}
	switch start := strings.TrimLeft(text, " \t\r\n\u3000"); {
	case start == "":
		return newProblem(Empty, "", "文件为空，没有任何数据", "the file is empty")
	case start[0] == '{' || start[0] == '[':
		return f.readJSON(text)
	}
	return f.readDelimited(text)
}

func (f *file) readGzip(data []byte, depth int) error {
	broken := func(err error) error {
		return newProblem(BadFile, "gzip", "gzip 压缩文件损坏或不完整，请重新压缩后上传", "the gzip file is broken or incomplete ("+strings.TrimPrefix(err.Error(), "gzip: ")+"); compress it again")
	}
	if depth >= maxDepth {
		return nestedArchives()
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return broken(err)
	}
	inner, err := io.ReadAll(io.LimitReader(r, f.Limits.Unpacked+1))
	if err != nil {
		return broken(err)
	}
	if int64(len(inner)) > f.Limits.Unpacked {
		return unpacksTooLarge(f.Limits.Unpacked)
	}
	f.understanding.say("gzip 压缩文件", "gzip")
	return f.read(inner, depth+1)
}

func nestedArchives() error {
	return newProblem(WrongFormat, "", "压缩包层层嵌套，请解压后上传里面的数据文件", "archives are packed into archives; unpack them and send the file of figures inside")
}

func unpacksTooLarge(most int64) error {
	return tooLarge("文件解压后超过 %d 字节，请按报告期分成几个文件", "the file unpacks to more than %d bytes; split it by period into several files", most)
}

// readZip reads a workbook, or the one file of figures in an archive.
func (f *file) readZip(data []byte, depth int) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return newProblem(BadFile, "zip", "ZIP 压缩包或 Excel 工作簿损坏或不完整，请重新保存后上传", "the ZIP archive or Excel workbook is broken or incomplete; save it again")
	}
	parts := map[string]*zip.File{}
	for _, part := range archive.File {
		parts[part.Name] = part
	}
	most, total := f.Limits.Unpacked, uint64(0)
	if parts["[Content_Types].xml"] != nil {
		most = f.Limits.Workbook
	}
	for _, part := range archive.File {
		if total += part.UncompressedSize64; part.UncompressedSize64 > uint64(most) || total > uint64(most) {
			return unpacksTooLarge(most)
		}
	}
	switch {
	case parts["[Content_Types].xml"] != nil && hasPart(parts, "xl/workbook.xml"):
		return f.readXLSX(data, parts)
	}
	if err := foreign.Archive(func(name string) bool { return hasPart(parts, name) }); err != nil {
		return err
	}
	if depth >= maxDepth {
		return nestedArchives()
	}
	var files []*zip.File
	for _, part := range archive.File {
		if base := path.Base(part.Name); !strings.HasSuffix(part.Name, "/") && !strings.HasPrefix(part.Name, "__MACOSX/") && !strings.HasPrefix(base, ".") && base != "Thumbs.db" && base != "desktop.ini" {
			files = append(files, part)
		}
	}
	if len(files) != 1 {
		names := ""
		for i, part := range files[:min(len(files), 5)] {
			if i > 0 {
				names += ", "
			}
			names += event.Excerpt(entryName(part), 60)
		}
		if len(files) == 0 {
			return newProblem(Empty, "", "压缩包里没有文件", "the archive holds no file")
		}
		return newProblem(Ambiguous, names, fmt.Sprintf("压缩包里有 %d 个文件（%s 等），不知道该读哪一个；请逐个上传", len(files), names),
			fmt.Sprintf("the archive holds %d files (%s …) and it does not say which is meant; send them one by one", len(files), names))
	}
	inner, err := unpack(files[0])
	if err != nil {
		return err
	}
	f.understanding.sayf("ZIP 压缩包中的 %s", "%s in a ZIP archive", event.Excerpt(entryName(files[0]), 60))
	return f.read(inner, depth+1)
}

func hasPart(parts map[string]*zip.File, name string) bool {
	if parts[name] != nil {
		return true
	}
	for part := range parts {
		if strings.EqualFold(strings.TrimPrefix(part, "/"), name) {
			return true
		}
	}
	return false
}

// unpack returns the content of an archive's entry, whose size has been checked.
func unpack(part *zip.File) ([]byte, error) {
	broken := newProblem(BadFile, event.Excerpt(part.Name, maxSeen), "压缩包里的文件损坏或加密，请解压后直接上传", "the file inside the archive is broken or encrypted; unpack it and send it as it is")
	if part.Flags&1 != 0 {
		return nil, newProblem(WrongFormat, event.Excerpt(part.Name, maxSeen), "压缩包设有密码，请去掉密码后上传", "the archive has a password; take it away and send it again")
	}
	r, err := part.Open()
	if err != nil {
		return nil, broken
	}
	content, err := io.ReadAll(io.LimitReader(r, int64(part.UncompressedSize64)+1))
	if err = errors.Join(err, r.Close()); err != nil || uint64(len(content)) != part.UncompressedSize64 {
		return nil, broken
	}
	return content, nil
}

// entryName returns an entry's name, which Chinese Windows writes in GB18030.
func entryName(part *zip.File) string {
	if utf8.ValidString(part.Name) {
		return part.Name
	}
	if name, err := simplifiedchinese.GB18030.NewDecoder().String(part.Name); err == nil {
		return name
	}
	return part.Name
}
