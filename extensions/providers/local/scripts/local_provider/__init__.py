"""The local provider, by module:

main       reads the request, answers       request    what a valid request is
verbs      one function per verb            store      folders, records and locks below state_dir
apt        the machine's Debian mirror      base_image the root file system all hosts start from
network    subnets, bridges, NAT            host_files what the provider puts into a host
engine     finds or starts the engine       docker_api its HTTP API over a Unix socket
containers the runtime "container"          namespaces the runtime "namespace"
"""
