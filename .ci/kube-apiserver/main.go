// The real API server of Kubernetes in one process, with the etcd that it keeps its objects in, for tests on loopback.
//
//	kube-apiserver-with-etcd FOLDER PORT FLAGS-OF-KUBE-APISERVER...
//
// FOLDER is etcd's, PORT is where etcd listens. It ends when its standard input does, so that it outlives nobody who
// started it, however that one ends.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: FOLDER PORT FLAGS-OF-KUBE-APISERVER...")
		os.Exit(2)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()

	folder, address := os.Args[1], "127.0.0.1:"+os.Args[2]

	server, err := embed.StartEtcd(etcd(folder, address))
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
	<-server.Server.ReadyNotify()

	os.Args = append([]string{"kube-apiserver", "--etcd-servers=http://" + address}, os.Args[3:]...)
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}

func etcd(folder, address string) *embed.Config {
	clients := []url.URL{{Scheme: "http", Host: address}}
	peers := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}

	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	// What a test stores need not outlive a crash of the machine.
	config.UnsafeNoFsync = true
	config.ListenClientUrls, config.AdvertiseClientUrls = clients, clients
	config.ListenPeerUrls, config.AdvertisePeerUrls = peers, peers
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config
}
