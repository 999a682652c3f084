package foreign

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
)

const (
	saveAsXLSX   = "请在 Excel 或 WPS 中另存为 .xlsx 或“CSV UTF-8（逗号分隔）”"
	saveAsXLSXEN = "save it in Excel or WPS as .xlsx or \"CSV UTF-8 (comma delimited)\""
)

// wrongFormat names a format that is not read. The way out is saveAsXLSX, or another one in
// both languages.
func wrongFormat(zh, en string, way ...string) error {
	if len(way) == 1 {
		way = append(way, saveAsXLSXEN)
	}
	if zh[0] < utf8.RuneSelf {
		zh = " " + zh
	}
	return &catalogue.Problem{Code: charset.Binary, Seen: en, ZH: "这是" + zh + "，不能直接读取；" + way[0], EN: "this is " + en + ", which is not read; " + way[1]}
}

// Format returns the problem of a file whose format is known but not read.
func Format(data []byte, name string) error {
	starts := func(prefixes ...string) bool {
		for _, prefix := range prefixes {
			if bytes.HasPrefix(data, []byte(prefix)) {
				return true
			}
		}
		return false
	}
	extension := strings.ToLower(path.Ext(name))
	switch {
	case starts("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"):
		return compoundFile(data, extension)
	case starts("\x09\x08", "\x09\x04", "\x09\x02", "\x09\x00\x04\x00"):
		return wrongFormat("旧版 Excel 文件（.xls）", "a workbook of an old Excel (.xls)", saveAsXLSX)
	case starts("%PDF-"):
		return wrongFormat("PDF 文件", "a PDF", "请上传生成它的 Excel 表（.xlsx）或 CSV", "send the Excel table (.xlsx) or the CSV it was made from")
	case starts("\x89PNG", "\xFF\xD8\xFF", "GIF8", "BM\x00", "II*\x00", "MM\x00*"):
		return wrongFormat("图片", "a picture", "请上传表格本身（.xlsx 或 CSV），不要截图或拍照", "send the table itself (.xlsx or CSV) and no screenshot or photograph")
	case starts("Rar!", "7z\xBC\xAF\x27\x1C", "BZh", "\xFD7zXZ", "\x28\xB5\x2F\xFD"):
		return wrongFormat("不支持的压缩包", "an archive of another kind", "请解压后上传，或改用 .zip", "unpack it, or use .zip")
	case starts("$FL2@(#)", "$FL3@(#)"):
		return wrongFormat("SPSS 数据文件（.sav）", "a data file of SPSS (.sav)", "请在 SPSS 中另存为 .xlsx 或 CSV", "save it in SPSS as .xlsx or CSV")
	case starts(sasDataset, "HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"):
		return wrongFormat("SAS 数据集", "a data set of SAS", "请用 PROC EXPORT 导出为 .xlsx 或 CSV", "export it with PROC EXPORT as .xlsx or CSV")
	case starts("<stata_dta>"), extension == ".dta" && len(data) > 4 && data[0] >= 0x69 && data[0] <= 0x73 && (data[1] == 1 || data[1] == 2):
		return wrongFormat("Stata 数据文件（.dta）", "a data file of Stata (.dta)", "请用 export excel 或 export delimited 导出", "export it with export excel or export delimited")
	case starts("RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "X\n\x00\x00\x00", "A\n2\n", "A\n3\n"):
		return wrongFormat("R 数据文件（.rds、.RData）", "a data file of R (.rds, .RData)", "请在 R 中用 write.csv(x, row.names = FALSE) 导出", "write it in R with write.csv(x, row.names = FALSE)")
	case starts("PAR1", "ARROW1", "FEA1"):
		return wrongFormat("Parquet 或 Arrow 文件", "a Parquet or Arrow file", "请导出为 CSV", "export it as CSV")
	case starts("SQLite format 3\x00", "\x00\x01\x00\x00Standard Jet DB", "\x00\x01\x00\x00Standard ACE DB"):
		return wrongFormat("数据库文件", "a database", "请把其中的表导出为 .xlsx 或 CSV", "export the table in it as .xlsx or CSV")
	case extension == ".dbf" && len(data) > 32 && data[0]&0x07 == 3:
		return wrongFormat("dBase 表（.dbf）", "a table of dBase (.dbf)", saveAsXLSX)
	case starts("\xFF\xFE\x00\x00", "\x00\x00\xFE\xFF"):
		return wrongFormat("UTF-32 编码的文本", "a text in UTF-32", "请另存为“CSV UTF-8”", "save it as \"CSV UTF-8\"")
	case starts("{\\rtf"):
		return wrongFormat("RTF 文档", "an RTF document", "请把表格复制到 Excel，另存为 .xlsx", "copy the table into Excel and save it as .xlsx")
	}
	start := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 4096)], []byte("\xEF\xBB\xBF")), " \t\r\n")))
	start = strings.ReplaceAll(start, "\x00", "") // UTF-16
	start = strings.TrimPrefix(strings.TrimPrefix(start, "\xff\xfe"), "\xfe\xff")
	switch {
	case strings.HasPrefix(start, "<?xml") && strings.Contains(start, "schemas-microsoft-com:office:spreadsheet"):
		return wrongFormat("“XML 电子表格 2003”", "an \"XML Spreadsheet 2003\"", saveAsXLSX)
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<table"), strings.HasPrefix(start, "<head"), strings.HasPrefix(start, "<meta"), strings.HasPrefix(start, "<style"),
		strings.HasPrefix(start, "<?xml") && strings.Contains(start, "<html"):
		return wrongFormat("网页（HTML）"+savedAs(extension, "，只是扩展名为 "), "a web page (HTML)"+savedAs(extension, " that is named "), "请用 Excel 打开后"+strings.TrimPrefix(saveAsXLSX, "请在 Excel 或 WPS 中"), "open it in Excel and save it as .xlsx or \"CSV UTF-8\"")
	case strings.HasPrefix(start, "mime-version:"):
		return wrongFormat("单个文件网页（MHT）"+savedAs(extension, "，只是扩展名为 "), "a web page in one file (MHT)"+savedAs(extension, " that is named "), saveAsXLSX)
	case strings.HasPrefix(start, "<?xml"), strings.HasPrefix(start, "<") && strings.Contains(start, "</"):
		return wrongFormat("XML 文件", "an XML file", "请改为 .xlsx、CSV 或 JSON", "send .xlsx, CSV or JSON")
	}
	return nil
}

// sasDataset is how a data set of SAS (.sas7bdat) begins.
const sasDataset = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xC2\xEA\x81\x60\xB3\x14\x11\xCF"

// Archive returns the problem of a ZIP archive that is a document of a program whose files are not
// read; has reports whether it holds a part of that name.
func Archive(has func(name string) bool) error {
	switch {
	case has("[Content_Types].xml") && has("xl/workbook.bin"):
		return wrongFormat("Excel 二进制工作簿（.xlsb）", "an Excel binary workbook (.xlsb)", saveAsXLSX)
	case has("[Content_Types].xml"):
		return wrongFormat("Word 或 PowerPoint 文件", "a Word or PowerPoint file", "请把表格复制到 Excel，另存为 .xlsx 或“CSV UTF-8”", "copy the table into Excel and save it as .xlsx or \"CSV UTF-8\"")
	case has("mimetype") && has("content.xml"):
		return wrongFormat("OpenDocument 表格（.ods）", "an OpenDocument spreadsheet (.ods)", saveAsXLSX)
	case has("Index/Document.iwa"), has("Index.zip"), has("index.apxl"):
		return wrongFormat("Apple 文稿（Numbers 表格等）", "a document of Apple's (.numbers and the like)", "请在 Numbers 中选“文件 → 导出为 → Excel”或 CSV", "export it in Numbers by File, Export To, Excel or CSV")
	}
	return nil
}

func savedAs(extension, words string) string {
	if extension == "" || extension == ".html" || extension == ".htm" || extension == ".mht" {
		return ""
	}
	return words + extension
}

// compoundFile names a file in Microsoft's compound format: old Excel, WPS, Word, or any
// Office file with a password.
func compoundFile(data []byte, extension string) error {
	has := func(name string) bool {
		wide := make([]byte, 0, 2*len(name))
		for i := range len(name) {
			wide = append(wide, name[i], 0)
		}
		return bytes.Contains(data, wide)
	}
	switch {
	case has("EncryptedPackage"):
		return wrongFormat("加密的 Excel 文件", "an Excel file with a password", "请去掉打开密码后重新上传", "take the password away and send it again")
	case has("WordDocument"):
		return wrongFormat("Word 文档（.doc）", "a Word document (.doc)", "请把表格复制到 Excel，另存为 .xlsx", "copy the table into Excel and save it as .xlsx")
	case extension == ".et" || has("ETExtData"):
		return wrongFormat("WPS 表格（.et）", "a WPS spreadsheet (.et)", saveAsXLSX)
	}
	return wrongFormat("旧版 Excel 97-2003 工作簿（.xls）", "an Excel 97-2003 workbook (.xls)", saveAsXLSX)
}
