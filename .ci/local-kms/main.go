// local-kms on loopback: its own program listens on every interface, and no option changes that.
//
//	local-kms PORT FOLDER REGION ACCOUNT
//
// FOLDER is where it keeps its keys.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	lkms "github.com/nsmithuk/local-kms/src"
	"github.com/nsmithuk/local-kms/src/config"
	"github.com/nsmithuk/local-kms/src/data"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: PORT FOLDER REGION ACCOUNT")
		os.Exit(2)
	}
	port, folder := os.Args[1], os.Args[2]
	config.DatabasePath, config.AWSRegion, config.AWSAccountId = folder, os.Args[3], os.Args[4]

	keys := data.NewDatabase(folder)
	defer keys.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		lkms.HandleRequest(answer, request, keys)
	})))
}
